// The chapters of one item, as commands change them: every gesture is one command, which can be undone and done again.
// Pure: it knows of no page.

import { followed } from "./told_chapters.js";

/** @typedef {{id: number, line: number, title: string}} Chapter */

const MOST_COMMANDS = 300; // kept to be undone
const PAUSE_SECONDS = 0.7;
const FEWEST_PAUSES = 0.01; // of the lines; a transcript whose lines all touch each other has its pauses at sentence ends

export class ChapterModel {
  /**
   * @param {{start: number, end: number, text: string}[]} lines
   * @param {{line: number, title: string}[]} chapters
   */
  constructor(lines, chapters, saved = null) {
    this.lines = lines;
    this.places = placesOf(lines);
    this.pauses = pausesOf(lines);
    this.nextId = 1;
    this.chapters = [];
    this.undoable = [];
    this.redoable = [];
    this.commands = 0;
    this.gesture = null;
    this.listeners = [];
    if (saved) this.take(saved);
    else this.chapters = this.identified(chapters);
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  /** More lines of a stream have come, at the end of those that are there. */
  grow() {
    this.places = placesOf(this.lines);
    this.pauses = pausesOf(this.lines);
  }

  /**
   * What is told of a stream is no gesture: it comes under all of them, so that undoing takes back a reviewer's own.
   * @param {?number} held the id of a chapter whose title is being typed
   */
  follow(before, now, held = null) {
    const ids = new Map();
    const idAt = (line) => ids.get(line) ?? ids.set(line, this.nextId++).get(line);
    const into = (chapters) => {
      const heldLine = chapters.find(({ id }) => id === held)?.line ?? null;
      return followed(chapters, before, now, this.lines, heldLine)
        .map((chapter) => (chapter.id ? chapter : { id: idAt(chapter.line), line: chapter.line, title: chapter.title }));
    };
    this.chapters = into(this.chapters);
    for (const command of [...this.undoable, ...this.redoable]) {
      command.before = into(command.before);
      command.after = into(command.after);
    }
    this.tell("follow");
  }

  // what is kept over a reload ---------------------------------------------------------------------------------------

  asSaved() {
    const { chapters, undoable, redoable, commands, nextId } = this;
    return { chapters, undoable, redoable, commands, nextId };
  }

  take(saved) {
    this.chapters = saved.chapters;
    this.undoable = saved.undoable;
    this.redoable = saved.redoable;
    this.commands = saved.commands;
    this.nextId = saved.nextId;
  }

  identified(chapters) {
    return [...chapters]
      .sort((one, other) => one.line - other.line)
      .map(({ line, title }) => ({ id: this.nextId++, line, title }));
  }

  // questions --------------------------------------------------------------------------------------------------------

  index(id) {
    return this.chapters.findIndex((chapter) => chapter.id === id);
  }

  at(line) {
    return this.chapters.find((chapter) => chapter.line === line) ?? null;
  }

  /** The chapter that a line belongs to; null before the first. */
  around(line) {
    return this.chapters.findLast((chapter) => chapter.line <= line) ?? null;
  }

  /** Where a chapter's border may go: after the one before it and before the next. */
  bounds(id) {
    const index = this.index(id);
    const before = this.chapters[index - 1];
    const after = this.chapters[index + 1];
    return {
      least: before ? this.place(before.line, 1) : this.places[0],
      most: after ? this.place(after.line, -1) : this.places[this.places.length - 1],
    };
  }

  /** The line `by` places from `line`, as far as there are any. */
  place(line, by) {
    const index = Math.min(this.places.length - 1, Math.max(0, lowest(this.places, line) + by));
    return this.places[index];
  }

  /** The place that a line stands for: itself, or the last before it at which a chapter may begin. */
  snapped(line) {
    const index = lowest(this.places, line + 1) - 1;
    return this.places[Math.max(0, index)];
  }

  untitled() {
    return this.chapters.filter((chapter) => !chapter.title.trim());
  }

  get canUndo() {
    return this.undoable.length > 0;
  }

  get canRedo() {
    return this.redoable.length > 0;
  }

  // commands: each returns the chapter that it is about, or null where nothing changed -------------------------------

  add(line, title = "") {
    const place = this.snapped(line);
    if (this.at(place)) return null;
    const made = { id: this.nextId++, line: place, title };
    this.do("add", [...this.chapters, made]);
    return made;
  }

  move(id, line, gesture = null) {
    const chapter = this.chapters[this.index(id)];
    const { least, most } = this.bounds(id);
    const place = Math.min(most, Math.max(least, this.snapped(line)));
    if (!chapter || place === chapter.line) return null;
    const moved = { ...chapter, line: place };
    this.do("move", this.with(moved), gesture);
    return moved;
  }

  moveBy(id, by) {
    const chapter = this.chapters[this.index(id)];
    return chapter ? this.move(id, this.place(chapter.line, by)) : null;
  }

  /** To the next pause in a direction, 1 or -1. */
  moveToPause(id, direction) {
    const chapter = this.chapters[this.index(id)];
    if (!chapter) return null;
    const after = lowest(this.pauses, chapter.line + (direction > 0 ? 1 : 0));
    const pause = this.pauses[direction > 0 ? after : after - 1];
    return this.move(id, pause ?? (direction > 0 ? this.lines.length - 1 : 0));
  }

  /** `gesture` is the same for all that is typed into a title at one go: it is undone at one go. */
  rename(id, title, gesture = null) {
    const chapter = this.chapters[this.index(id)];
    if (!chapter || chapter.title === title) return null;
    const renamed = { ...chapter, title };
    this.do("rename", this.with(renamed), gesture);
    return renamed;
  }

  /** Takes a border out. Returns the chapter that is selected next. */
  remove(id) {
    const index = this.index(id);
    if (index < 0) return null;
    this.do("remove", this.chapters.filter((chapter) => chapter.id !== id));
    return this.chapters[Math.min(index, this.chapters.length - 1)] ?? null;
  }

  /** Makes one chapter of this and the one before, whose title it has, if that has one. */
  merge(id) {
    const index = this.index(id);
    if (index < 1) return null;
    const [before, merged] = this.chapters.slice(index - 1, index + 1);
    const whole = { ...before, title: before.title.trim() ? before.title : merged.title };
    this.do("merge", this.with(whole).filter((chapter) => chapter.id !== id));
    return whole;
  }

  /** All chapters at once: back to the prediction, or to what was saved elsewhere. */
  replace(chapters, name = "restore") {
    if (changes(this.chapters, chapters).length === 0) return null;
    this.do(name, this.identified(chapters));
    return this.chapters[0] ?? null;
  }

  undo() {
    return this.swap(this.undoable, this.redoable, "before");
  }

  redo() {
    return this.swap(this.redoable, this.undoable, "after");
  }

  swap(from, onto, side) {
    const command = from.pop();
    if (!command) return null;
    onto.push(command);
    this.chapters = command[side];
    this.commands += 1;
    this.gesture = null;
    this.tell(command.name);
    return command;
  }

  with(changed) {
    return this.chapters.map((chapter) => (chapter.id === changed.id ? changed : chapter));
  }

  do(name, chapters, gesture = null) {
    const after = [...chapters].sort((one, other) => one.line - other.line);
    const last = this.undoable[this.undoable.length - 1];
    if (gesture !== null && gesture === this.gesture && last) {
      last.after = after;
    } else {
      this.undoable.push({ name, before: this.chapters, after });
      if (this.undoable.length > MOST_COMMANDS) this.undoable.shift();
      this.commands += 1;
    }
    this.gesture = gesture;
    this.redoable.length = 0;
    this.chapters = after;
    this.tell(name);
  }

  tell(name) {
    for (const listener of this.listeners) listener(name);
  }
}

/** Lines at which a chapter may begin: the record floors starts, and of lines in one second only the first is one. */
export function placesOf(lines) {
  const places = [];
  let before = -1;
  lines.forEach(({ start }, line) => {
    if (Math.floor(start) > before) places.push(line);
    before = Math.max(before, Math.floor(start));
  });
  return places;
}

/** Chapters as the record has them, `{start, title}`, on the lines that begin nearest; of two on one line the first. */
export function placed(chapters, lines) {
  const places = placesOf(lines);
  const starts = places.map((line) => Math.floor(lines[line].start));
  const found = new Map();
  for (const { start, title } of chapters) {
    const after = Math.min(starts.length - 1, lowest(starts, start));
    const before = Math.max(0, after - 1);
    const line = places[Math.abs(starts[after] - start) < Math.abs(start - starts[before]) ? after : before];
    if (!found.has(line)) found.set(line, { line, title });
  }
  return [...found.values()].sort((one, other) => one.line - other.line);
}

/** The same the other way. */
export function unplaced(chapters, lines) {
  return chapters.map(({ line, title }) => ({ start: Math.floor(lines[line].start), title }));
}

/** Lines before which nobody speaks for a while; where lines all touch each other, those after a sentence's end. */
export function pausesOf(lines) {
  const silent = [];
  const sentences = [];
  for (let line = 1; line < lines.length; line += 1) {
    if (lines[line].start - lines[line - 1].end >= PAUSE_SECONDS) silent.push(line);
    if (/[.!?…。！？]["'”’)]*\s*$/.test(lines[line - 1].text)) sentences.push(line);
  }
  return silent.length >= FEWEST_PAUSES * lines.length ? silent : sentences;
}

/** The index of the first of ascending `numbers` that is `number` or more. */
export function lowest(numbers, number) {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * What became of `before`: chapters on the same line are the same, then those of the same title, then those that stand
 * in the same gap between such.
 * @returns {{kind: "added"|"removed"|"moved"|"renamed"|"moved and renamed", before: ?object, after: ?object}[]}
 */
export function changes(after, before) {
  const partner = new Map();
  const free = new Set(before);
  const join = (suits) => {
    for (const chapter of after) {
      if (partner.has(chapter)) continue;
      for (const old of free) {
        if (suits(chapter, old)) {
          partner.set(chapter, old);
          free.delete(old);
          break;
        }
      }
    }
  };
  join((chapter, old) => chapter.line === old.line);
  join((chapter, old) => chapter.title.trim() === old.title.trim() && chapter.title.trim() !== "");
  const fixed = [...partner.entries()].map(([chapter, old]) => [chapter.line, old.line]);
  const gap = (line, side) => fixed.filter((pair) => pair[side] < line).length;
  join((chapter, old) => gap(chapter.line, 0) === gap(old.line, 1));
  const found = after.flatMap((chapter) => changeOf(chapter, partner.get(chapter)));
  const removed = [...free].map((old) => ({ kind: "removed", before: old, after: null }));
  const line = (change) => (change.after ?? change.before).line;
  return [...found, ...removed].sort((one, other) => line(one) - line(other));
}

function changeOf(after, before) {
  if (!before) return [{ kind: "added", before: null, after }];
  const kinds = [];
  if (before.line !== after.line) kinds.push("moved");
  if (before.title.trim() !== after.title.trim()) kinds.push("renamed");
  return kinds.length ? [{ kind: kinds.join(" and "), before, after }] : [];
}

/** `2 moved, 1 added`; empty where nothing changed. */
export function summary(list) {
  const counts = new Map();
  for (const { kind } of list) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}
