// The page of one item: it puts the parts together, and says what every key and button does.

import { Autosave, LocalDrafts } from "./autosave.js";
import { ChapterModel, changes, lowest, placed, summary, unplaced } from "./chapter_model.js";
import { ChapterPanel } from "./chapter_panel.js";
import { roughly, spoken } from "./clock.js";
import { askPlace, askReason, compare, showChanges, showKeys } from "./dialogs.js";
import { byId, element, set } from "./elements.js";
import { BorderCheck, Reader, Recording } from "./player.js";
import { KeyMap, combination, isCharacter, label } from "./key_map.js";
import { StreamListener } from "./stream_listener.js";
import { told } from "./told_chapters.js";
import { TranscriptList } from "./transcript_list.js";
import { RequestFailed, SESSION_ENDED, request } from "./server.js";
import { Timeline } from "./timeline.js";

const HEARTBEAT = 20_000;
const IDLE = 60_000; // without a sign of life, time is not counted as spent
const SKIPS = 5; // seconds of J and L
const root = byId("review");
const { item: path, stream, reviewer } = root.dataset;
const drafts = (name) => new LocalDrafts(localStorage, reviewer, name);
const newNumber = () => crypto.getRandomValues(new Uint32Array(4)).join("-");
const pageNumber = newNumber();

const AT_THE_END = new Set(["submit", "accept", "reject", "skip", "flag"]); // what a stream that runs can't be yet

const SAVE_TEXTS = {
  saved: "Saved",
  waiting: "Saving soon…",
  saving: "Saving…",
  here: "Saved in this browser only",
  nowhere: "Not saved",
  late: "Saved beside the newer version",
};

class ItemPage {
  constructor(item) {
    this.item = item;
    this.keys = { map: KeyMap.load(localStorage), layout: null, hint: (action) => this.hint(action) };
    this.local = drafts(stream || path.slice("/review/".length));
    this.effort = { seconds: 0, plays: 0 };
    this.active = performance.now();
    this.typing = 0;
  }

  // opening ----------------------------------------------------------------------------------------------------------

  async open() {
    const { item } = this;
    const kept = await this.kept();
    this.page = pageNumber;
    this.hold(this.page);
    this.knows = kept.knows;
    this.model = new ChapterModel(item.lines, kept.chapters, kept.model);
    this.effort = { seconds: kept.effort.seconds, plays: kept.effort.plays };
    this.model.commands = kept.effort.commands;
    if (kept.told && item.draft) this.model.follow(placed(kept.told, item.lines), item.draft);
    this.makeViews();
    this.autosave = new Autosave({
      local: this.local,
      page: this.page,
      revision: kept.revision,
      content: () => this.content(),
      send: (body, leaving) => request("PUT", `${path}/draft`, body, leaving).catch((error) => this.refused(error)),
      shown: (state, detail) => this.showSaving(state, detail),
      late: () => this.offerVersions(),
    });
    this.model.onChange((name) => this.changed(name));
    this.listen();
    this.showSaving("saved");
    const line = this.local.place() ?? kept.line;
    if (stream && !kept.line) this.showNewest();
    else this.goToLine(line, { where: "top" });
    this.select(this.model.around(line)?.id ?? this.model.chapters[0]?.id ?? null, { show: false });
    this.render();
    root.setAttribute("aria-busy", "false");
    if (kept.was) {
      this.autosave.keepHere();
      this.local.remove(kept.was);
    }
    if (kept.unsaved) this.autosave.changed();
    this.showNotices(kept);
    if (stream) this.listenToStream();
    this.beat();
    setInterval(() => this.beat(), HEARTBEAT);
    setInterval(() => this.countTime(), 1000);
    this.list.focusCurrent();
  }

  /** What was left here: in this browser, on the server, or the draft to begin with. */
  async kept() {
    const { item } = this;
    const open = await openPages();
    const server = item.saved.find(({ late }) => !late) ?? null;
    const here = this.local.all().find((draft) => !open.has(draft.page)) ?? null;
    const revision = server?.revision ?? 0;
    if (here && (here.unsaved || (here.revision === revision && revision > 0))) {
      // the answer to its last save may have been lost: what the server has of that page is no other version
      const goesOnFrom = server?.page === here.page ? revision : here.revision;
      const { line, told } = here.saved;
      const isOfThese = here.lines === undefined || here.lines === item.lines.length || stream; // a stream's only grow
      const placedAnew = isOfThese ? {} : { model: null, chapters: placed(here.saved.chapters, item.lines) };
      const effort = effortOf(here.saved);
      return { ...here, was: here.page, revision: goesOnFrom, chapters: [], line, told, effort, ...placedAnew };
    }
    if (here) this.local.remove(here.page);
    const begun = server ?? { chapters: item.begun_with, line: 0, seconds: 0, plays: 0, commands: 0 };
    const { chapters, line, told } = begun;
    return { was: null, unsaved: false, revision, knows: item.own, chapters, model: null, line, told, effort: effortOf(begun) };
  }

  /** Says to other tabs, for as long as this page lives, that it does. */
  hold(page) {
    navigator.locks?.request(`errata.page.${page}`, () => new Promise(() => {}));
  }

  makeViews() {
    const { item, model } = this;
    this.list = new TranscriptList(byId("transcript"), item, model, {
      addAt: (line) => this.addAt(line),
      moveTo: (line) => this.moveTo(line),
      rename: (id) => this.startRename(id),
      select: (id) => this.select(id, { show: false }),
      focusLine: (line) => this.goToLine(line, { where: null, focus: true }),
      dragged: (id, line, gesture) => model.move(id, line, gesture),
      dropped: (id) => this.sayBorder(id, "Moved"),
    });
    this.panel = new ChapterPanel(byId("chapters"), item, model, this.keys, {
      select: (id) => this.select(id),
      reveal: (id) => this.select(id),
      renamed: (id, title) => this.renamed(id, title),
      typingEnded: () => { this.typing += 1; },
      act: (action) => this.run(action),
    });
    this.timeline = new Timeline(byId("timeline"), item, model, { seek: (time) => this.seek(time) });
    this.playback = this.makePlayback();
    this.check = new BorderCheck(this.playback, {
      borders: () => model.chapters.map(({ line }) => item.lines[line].start),
      reached: (index) => {
        this.select(model.chapters[index].id, { seek: false }); // it plays from before the border
        this.sayBorder(model.chapters[index].id, "Playing around");
      },
      ended: () => this.say("All borders were played"),
    }, item.unit);
    byId("transcript").addEventListener("scroll", () => this.showSeen(), { passive: true });
  }

  makePlayback() {
    const moved = () => this.playheadMoved();
    if (!this.item.media) return new Reader(this.item, moved);
    const media = element(/\.(mp4|m4v|webm|ogv|mov)($|\?)/i.test(this.item.media) ? "video" : "audio", {
      src: this.item.media, preload: "metadata", class: "media", playsinline: true,
    });
    byId("panel").append(media);
    return new Recording(media, moved);
  }

  content() {
    const { model } = this;
    const saved = {
      chapters: unplaced(model.chapters, this.item.lines),
      line: this.list.current,
      seconds: Math.round(this.effort.seconds),
      plays: this.plays,
      commands: model.commands,
      ...(stream ? { told: unplaced(this.item.draft, this.item.lines) } : {}),
    };
    return { model: model.asSaved(), saved, knows: this.knows, lines: this.item.lines.length };
  }

  get plays() {
    return this.effort.plays + this.playback.plays;
  }

  // what is seen -----------------------------------------------------------------------------------------------------

  changed(name) {
    if (name !== "follow") this.autosave.changed(); // else it is nothing that the reviewer did
    if (this.panel.selected !== null && this.model.index(this.panel.selected) < 0) {
      this.select(this.model.around(this.list.current)?.id ?? this.model.chapters[0]?.id ?? null, { show: false });
    }
    this.renderSoon(name);
  }

  renderSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.render();
    });
  }

  render() {
    const { model, item } = this;
    this.panel.render();
    this.list.render();
    this.timeline.draw();
    set(byId("chapter-count"), { text: String(model.chapters.length) });
    byId("no-chapters").hidden = model.chapters.length > 0;
    byId("undo").disabled = !model.canUndo;
    byId("redo").disabled = !model.canRedo;
    const list = item.draft ? changes(model.chapters, item.draft) : null;
    const said = list ? summary(list) || "No changes" : `${model.chapters.length || "No"} of your own`;
    set(byId("changes-text"), { text: said });
    byId("accept").hidden = !item.draft || Boolean(stream);
    for (const button of document.querySelectorAll("[data-action] > .key")) {
      if (!button.closest(".chapter")) set(button, { text: this.hint(button.parentElement.dataset.action) });
    }
    set(byId("add-hint"), { text: this.hint("add") });
  }

  hint(action) {
    const keys = this.keys.map.keysOf(action)[0];
    return isCharacter(keys) && !this.keys.map.characters ? "" : label(keys, this.keys.layout);
  }

  showSaving(state, detail = "") {
    const shown = byId("save-state");
    const before = shown.dataset.state;
    shown.dataset.state = state;
    shown.title = detail;
    set(byId("save-text"), { text: SAVE_TEXTS[state] });
    const isTrouble = (name) => ["here", "nowhere"].includes(name);
    if (isTrouble(state) && !this.inTrouble) this.say(`${SAVE_TEXTS[state]}: ${detail}. It is tried again.`);
    if (state === "saved" && this.inTrouble && before !== "saved") this.say("Saved on the server again");
    if (isTrouble(state)) this.inTrouble = true;
    if (state === "saved") this.inTrouble = false;
  }

  showSeen() {
    const { scroller, heights } = this.list;
    const first = heights.at(scroller.scrollTop);
    const last = heights.at(scroller.scrollTop + scroller.clientHeight);
    this.timeline.seen = [this.item.lines[first].start, this.item.lines[last].start];
    this.timeline.later();
  }

  say(text) {
    const said = byId("said");
    said.textContent = said.textContent === text ? `${text}\u00a0` : text; // the same again is said again
  }

  sayBorder(id, what) {
    const index = this.model.index(id);
    if (index < 0) return;
    const { line, title } = this.model.chapters[index];
    const { start, text } = this.item.lines[line];
    const name = title.trim() || "untitled";
    this.say(`${what}: chapter ${index + 1}, ${name}, ${spoken(start, this.item.unit)}. ${text.slice(0, 60)}`);
  }

  notice(name, text, buttons = [], kind = "info") {
    byId("banners").querySelector(`[data-name="${name}"]`)?.remove();
    if (!text) return;
    const acts = buttons.map(([words, act]) =>
      element("button", { type: "button", class: "small", text: words, onclick: act }));
    if (kind === "info") {
      const away = { type: "button", class: "quiet small", text: "OK", onclick: () => this.notice(name, "") };
      acts.push(element("button", away));
    }
    const banner = { class: `banner ${kind}`, "data-name": name, role: "status" };
    byId("banners").append(element("div", banner, element("span", { text }), ...acts));
  }

  // where one is -----------------------------------------------------------------------------------------------------

  /** The line that B and T are about: the playhead's while it plays, else where one is. */
  get here() {
    return this.playback.playing ? Math.max(0, this.list.playing) : this.list.current;
  }

  lineAt(time) {
    const { lines } = this.item;
    return Math.max(0, lowest(this.starts ??= lines.map(({ start }) => start), time + 0.001) - 1);
  }

  goToLine(line, { where = "nearest", focus = false, seek = true } = {}) {
    this.list.current = Math.min(this.item.lines.length - 1, Math.max(0, line));
    if (seek) this.playback.time = this.item.lines[this.list.current].start;
    if (where) this.list.show(this.list.current, where);
    else this.list.render();
    if (focus) this.list.focusCurrent();
    this.showSeen();
  }

  seek(time) {
    const line = this.lineAt(time);
    this.playback.time = time;
    this.goToLine(line, { where: "top", seek: false });
  }

  stepLine(by) {
    const inTranscript = byId("transcript").contains(document.activeElement) || document.activeElement === document.body;
    this.goToLine(this.here + by, { focus: inTranscript });
    const { start, text } = this.item.lines[this.list.current];
    if (!inTranscript) this.say(`${spoken(start, this.item.unit)}: ${text.slice(0, 80)}`);
  }

  select(id, { show = true, seek = true } = {}) {
    this.panel.selected = this.list.selected = this.timeline.selected = id;
    this.panel.render();
    if (id !== null) this.panel.reveal(id);
    const chapter = this.model.chapters[this.model.index(id)];
    if (chapter && show) this.goToLine(chapter.line, { where: "top", seek });
    else this.list.render();
    this.timeline.later();
  }

  stepChapter(by) {
    const { chapters } = this.model;
    if (!chapters.length) return;
    const selected = this.model.index(this.panel.selected);
    const next = chapters[Math.min(chapters.length - 1, Math.max(0, selected < 0 ? 0 : selected + by))];
    const inTitle = document.activeElement.matches(".title");
    const inPanel = this.panel.hasFocus();
    this.select(next.id);
    if (inTitle) this.panel.focusTitle(next.id);
    else if (inPanel) this.panel.focusBorder(next.id);
    else this.list.focusCurrent();
    this.sayBorder(next.id, "At");
  }

  playheadMoved() {
    if (!this.list) return;
    const { time, playing } = this.playback;
    const line = this.lineAt(time);
    this.check?.passed(time);
    if (Math.abs(time - this.timeline.at) > this.item.duration / 4000) {
      this.timeline.at = time;
      this.timeline.later();
    }
    if (line !== this.list.playing || playing !== this.wasPlaying) {
      this.list.playing = playing ? line : -1;
      if (playing || this.wasPlaying) this.list.current = line;
      if (playing && (byId("follow").checked || this.check?.on)) this.list.show(line);
      else this.list.render();
    }
    if (playing !== this.wasPlaying) {
      this.wasPlaying = playing;
      set(byId("play"), { "aria-label": playing ? "Pause" : "Play" });
      set(byId("play-icon"), { href: playing ? "#icon-pause" : "#icon-play" });
      set(byId("check"), { "aria-pressed": this.check?.on ? "true" : "false" });
    }
    this.showPosition(time);
  }

  showPosition(time) {
    const { item, playback } = this;
    set(byId("position"), { text: `${spoken(time, item.unit)} / ${spoken(item.duration, item.unit)}` });
    const left = playback.left ? `${roughly(playback.left(time))} to read` : "";
    set(byId("left"), { text: playback.failed ? "The recording can't be played" : left });
    set(byId("speed"), { text: `${playback.speed}×`, "aria-label": `Speed ${playback.speed}` });
  }

  // what is done -----------------------------------------------------------------------------------------------------

  addAt(line) {
    const made = this.model.add(line);
    if (!made) {
      const there = this.model.at(this.model.snapped(line));
      if (there) this.select(there.id, { show: false });
      this.say("A chapter begins here already");
      return;
    }
    this.select(made.id, { show: false });
    this.render();
    this.startRename(made.id);
    this.sayBorder(made.id, "Added");
  }

  moveTo(line) {
    const id = this.panel.selected;
    if (id === null) this.say("No chapter is selected");
    else if (this.model.move(id, line)) this.sayBorder(id, "Moved");
    else this.say("The border can't go past another, and is there already");
  }

  moveBorder(move, what) {
    const id = this.panel.selected;
    if (id === null) return;
    const moved = move(id);
    if (!moved) {
      this.say("The border can't go any further");
      return;
    }
    const inTranscript = byId("transcript").contains(document.activeElement);
    this.list.current = moved.line;
    this.render();
    this.list.show(moved.line);
    if (inTranscript) this.list.focusCurrent();
    if (!this.playback.playing) this.playback.time = this.item.lines[moved.line].start;
    this.sayBorder(id, what);
  }

  /** What a typed title is one gesture of. */
  renamed(id, title) {
    if (this.playback.playing) this.playback.pause();
    this.model.rename(id, title, `typing ${this.typing} ${id}`);
  }

  startRename(id) {
    this.select(id, { show: false });
    this.panel.focusTitle(id);
  }

  nextTitle() {
    if (!document.activeElement.matches(".title")) {
      if (this.panel.selected !== null) this.startRename(this.panel.selected);
      return;
    }
    const next = this.model.chapters[this.model.index(this.panel.selected) + 1];
    if (!next) {
      this.leaveTitle();
      return;
    }
    this.select(next.id);
    this.panel.focusTitle(next.id);
  }

  leaveTitle() {
    document.activeElement.blur();
    this.list.show(this.list.current);
    this.list.focusCurrent();
  }

  removeBorder(how, said) {
    const id = this.panel.selected;
    if (id === null) return;
    const inPanel = this.panel.hasFocus();
    const next = this.model[how](id);
    if (!next && how === "merge") {
      this.say("There is no chapter before this one");
      return;
    }
    this.select(next?.id ?? null, { show: false });
    this.render();
    if (inPanel && next) this.panel.focusBorder(next.id);
    else if (inPanel) this.list.focusCurrent();
    this.say(`${said}; ${this.model.chapters.length} chapters`);
  }

  restore(chapters, said) {
    if (this.model.replace(chapters)) {
      this.select(this.model.chapters[0]?.id ?? null);
      this.render();
    }
    this.say(said);
  }

  swap(how) {
    const command = this.model[how]();
    if (!command) {
      this.say(`Nothing to ${how}`);
      return;
    }
    const changed = changes(command.after, command.before)[0];
    const side = how === "undo" ? changed?.before ?? changed?.after : changed?.after ?? changed?.before;
    const chapter = side && this.model.around(side.line);
    this.select(chapter?.id ?? this.panel.selected, { show: false });
    this.render();
    if (side) this.list.show(side.line);
    this.say(`${how === "undo" ? "Undone" : "Done again"}: ${command.name}`);
  }

  run(action) {
    this.active = performance.now();
    const { playback, model } = this;
    const acts = {
      play: () => this.togglePlaying(),
      back: () => this.jump(-SKIPS),
      forward: () => this.jump(SKIPS),
      previousLine: () => this.stepLine(-1),
      nextLine: () => this.stepLine(1),
      slower: () => this.changeSpeed(-1),
      faster: () => this.changeSpeed(1),
      backSlower: () => (this.jump(-SKIPS), this.changeSpeed(-1)),
      goTo: () => this.askAndGo(),
      checkBorders: () => this.toggleCheck(),
      previousChapter: () => this.stepChapter(-1),
      nextChapter: () => this.stepChapter(1),
      moveBack: () => this.moveBorder((id) => model.moveBy(id, -1), "Moved back"),
      moveOn: () => this.moveBorder((id) => model.moveBy(id, 1), "Moved on"),
      pauseBack: () => this.moveBorder((id) => model.moveToPause(id, -1), "Moved back to a pause"),
      pauseOn: () => this.moveBorder((id) => model.moveToPause(id, 1), "Moved on to a pause"),
      add: () => this.addAt(this.here),
      moveHere: () => this.moveTo(this.here),
      merge: () => this.removeBorder("merge", "Merged with the chapter before"),
      remove: () => this.removeBorder("remove", "Deleted the border"),
      rename: () => this.nextTitle(),
      leave: () => this.leaveTitle(),
      submit: () => this.submit(),
      accept: () => this.accept(),
      reject: () => this.declined("reject", "Why do you reject this item?", ["Not a talk", "The transcript is unusable", "Another language"]),
      skip: () => this.declined("skip", "Why do you skip this item?", ["I was involved", "Not my subject", "Too long for now"]),
      flag: () => this.declined("flag", "What should colleagues know?", ["The sound doesn't match", "Needs a second opinion"]),
      changes: () => this.lookAtChanges(),
      undo: () => this.swap("undo"),
      redo: () => this.swap("redo"),
      help: () => showKeys(this.keys, () => this.keysChanged()),
      newest: () => this.showNewest(),
    };
    if (stream && AT_THE_END.has(action)) {
      this.goOn();
      return;
    }
    acts[action]?.();
    this.showPosition(playback.time);
  }

  togglePlaying() {
    if (this.check.on) this.check.stop();
    else this.playback.toggle();
    this.playheadMoved();
  }

  jump(seconds) {
    const time = Math.min(this.item.duration, Math.max(0, this.playback.time + seconds));
    this.playback.time = time;
    if (!this.playback.playing) this.goToLine(this.lineAt(time), { seek: false });
  }

  changeSpeed(by) {
    this.playback.changeSpeed(by);
    this.say(`Speed ${this.playback.speed}`);
  }

  async askAndGo() {
    const place = await askPlace(this.item.unit);
    if (place === null) return;
    this.seek(Math.min(place, this.item.duration));
    this.list.focusCurrent();
  }

  toggleCheck() {
    if (this.check.on) this.check.stop();
    else this.check.start(Math.max(0, this.model.index(this.panel.selected)));
    set(byId("check"), { "aria-pressed": this.check.on ? "true" : "false" });
    this.playheadMoved();
  }

  async lookAtChanges() {
    const chosen = await showChanges(this.model, this.item.draft, this.item);
    if (chosen === "restore") this.restore(this.item.draft, "Back to the draft; this can be undone");
  }

  keysChanged() {
    this.keys.map.save(localStorage);
    this.render();
  }

  // a stream that runs -----------------------------------------------------------------------------------------------

  listenToStream() {
    this.standing = unplaced(this.item.draft, this.item.lines);
    this.showLive();
    this.listener = new StreamListener(stream, this.item.place, {
      heard: (kind, data) => this.heard(kind, data),
      connected: (is) => {
        if (this.connected !== false && !is) this.beat(); // which finds out whether the session has ended
        this.connected = is;
        this.showLive();
      },
    });
  }

  heard(kind, data) {
    if (kind === "lines") this.grow(data.lines);
    else if (kind === "end") this.streamEnded();
    else this.follow(kind, data);
    this.showLive();
  }

  grow(lines) {
    const { item } = this;
    item.lines.push(...lines);
    item.duration = lines.reduce((most, { end }) => Math.max(most, end), item.duration);
    this.starts = null;
    this.model.grow();
    this.list.grow();
    this.timeline.grow();
    this.playback.grow();
    this.showPosition(this.playback.time);
    this.renderSoon();
  }

  follow(kind, data) {
    const typed = document.activeElement.matches(".title") ? this.panel.selected : null;
    const before = this.item.draft;
    this.standing = told(this.standing, kind, data);
    this.item.draft = placed(this.standing, this.item.lines);
    this.model.follow(before, this.item.draft, typed);
    const name = data.title.trim() || "untitled";
    const what = { renamed: "Its title now", withdrawn: "No chapter after all" }[data.kind] ?? "New chapter";
    this.say(`${what}: ${name}, ${spoken(data.start, "seconds")}`);
  }

  showLive() {
    const heard = spoken(this.item.duration, "seconds");
    set(byId("length"), { text: heard });
    const state = this.ended
      ? "The stream has ended. Go on to hand in what you made of it."
      : `${heard} heard so far. What you change stays; hand it in once the stream has ended.`;
    set(byId("live-text"), { text: this.connected === false && !this.ended ? "The connection is lost; it is tried again." : state });
    this.showSeen();
  }

  showNewest() {
    this.goToLine(this.item.lines.length - 1, { where: null, seek: !this.playback.playing });
    this.list.showEnd();
    this.showSeen();
  }

  streamEnded() {
    this.ended = true;
    byId("newest").hidden = true;
    document.querySelector(".chips").replaceChildren(); // they say that it runs
    byId("live").append(element("button", { type: "button", class: "small", id: "go-on", onclick: () => this.goOn() }, "Go on"));
    this.say("The stream has ended. Submit to go on and hand it in.");
  }

  /** To the transcript that the stream has become, with all that was done to it here. */
  async goOn() {
    if (!this.ended) {
      this.notice("hand-in", "The stream still runs. It can be handed in once it has ended; what you do is saved meanwhile.");
      return;
    }
    await this.orSay(async () => {
      const { became } = await request("POST", `${path}/data`, { page: this.page });
      if (this.autosave.unsaved) await this.autosave.now();
      if (this.model.commands) {
        const { revision, unsaved, page } = this.autosave;
        drafts(String(became)).write(page, { ...this.content(), revision, unsaved, at: Date.now() });
      }
      this.autosave.stop();
      this.left = true;
      location.assign(`/review/${became}`);
    });
  }

  // handing in -------------------------------------------------------------------------------------------------------

  submit() {
    const untitled = this.model.untitled()[0];
    if (untitled) {
      this.startRename(untitled.id);
      this.notice("hand-in", `Chapter ${this.model.index(untitled.id) + 1} has no title: give it one, or delete its border.`, [], "warn");
      return;
    }
    if (!this.model.chapters.length && !this.sureOfNone) {
      this.sureOfNone = true;
      this.notice("hand-in", "There are no chapters. Submit once more to say that there are none.", [], "warn");
      return;
    }
    this.handIn("edit", "");
  }

  accept() {
    if (!this.item.draft) return;
    if (changes(this.model.chapters, this.item.draft).length) {
      this.notice("hand-in", "You have changed the draft: submit what you made of it, or go back to the draft first.", [
        ["Back to the draft", () => this.restore(this.item.draft, "Back to the draft; this can be undone")],
      ], "warn");
      return;
    }
    this.handIn("accept", "");
  }

  async declined(action, question, presets) {
    const why = await askReason(question, presets);
    if (why) await this.handIn(action, why);
  }

  async handIn(action, why) {
    if (this.handingIn) return;
    this.handingIn = true;
    this.notice("hand-in", "");
    set(byId("submit"), { disabled: true });
    try {
      await this.autosave.sending?.catch(() => {}); // what is on its way would come after, and be kept as a draft
      const { saved } = this.content();
      const { page, revision } = this.autosave;
      const place = { page, goes_on_from: revision, knows: this.knows, key: this.keyOf(action, why, saved) };
      const body = { ...saved, action, why, ...place };
      const answer = await request("POST", `${path}/hand-in`, body);
      if (action === "flag") {
        this.notice("flag", `Flagged: ${why}`);
        this.say("Flagged for colleagues");
      } else {
        await this.handedIn(answer);
      }
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      if (error.status === SESSION_ENDED) this.sessionEnded();
      if (error.status === 409) await this.orSay(() => this.handedInElsewhere(error.message, action, why));
      else this.notice("hand-in", `Not handed in: ${error.message}. Your work is kept; submit again.`, [], "bad");
      this.say(`Not handed in: ${error.message}`);
    } finally {
      this.handingIn = false;
      set(byId("submit"), { disabled: false });
    }
  }

  refused(error) {
    if (error.status === SESSION_ENDED) this.sessionEnded();
    throw error;
  }

  sessionEnded() {
    this.notice("session", "Your session has ended. Sign in again and you are back here, with your work.", [
      ["Sign in", () => location.assign(`/sign-in?next=${path}`)],
    ], "warn");
  }

  /** Does what asks the service; where that fails, says so. */
  async orSay(work) {
    this.notice("failed", "");
    try {
      await work();
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      this.notice("failed", `That could not be done: ${error.message}. Nothing is lost; try again.`, [], "bad");
    }
  }

  /** The same for the same content, so that sending it twice does no harm; another one for anything else. */
  keyOf(action, why, saved) {
    const sent = JSON.stringify([action, why, saved.chapters, this.knows]);
    if (sent !== this.sent) {
      this.sent = sent;
      this.key = newNumber();
    }
    return this.key;
  }

  async handedIn(answer) {
    this.autosave.stop();
    this.left = true;
    for (const colleague of answer.colleagues) {
      await compare(
        `${colleague.reviewer} says otherwise`,
        "Both are kept. An adjudicator decides which holds.",
        { title: "You", chapters: this.model.chapters },
        { title: colleague.reviewer, chapters: placed(colleague.chapters, this.item.lines) },
        { left: "On to the next item" },
        this.item,
      );
    }
    location.assign(answer.next === null ? "/review" : `/review/${answer.next}`);
  }

  /** `action` and `why` are what was to be handed in here: a rejection stays one. */
  async handedInElsewhere(complaint, action, why) {
    const now = await loaded();
    const chosen = await compare("Handed in from another page", complaint,
      { title: "This page", chapters: this.model.chapters },
      { title: "Handed in already", chapters: now.begun_with },
      { left: "Submit this one instead", right: "Keep what was handed in" }, this.item);
    if (chosen === "left") {
      this.knows = now.own;
      this.handingIn = false;
      await this.handIn(action, why);
    } else if (chosen === "right") {
      this.autosave.stop();
      await request("POST", `${path}/discard`, { page: this.page });
      location.assign("/review");
    }
  }

  // others -----------------------------------------------------------------------------------------------------------

  async beat(takeOver = false) {
    if (this.left || (document.hidden && !takeOver)) return;
    try {
      const hold = await request("POST", `${path}/hold`, { page: this.page, ...(stream ? {} : { take_over: takeOver }) });
      if (stream) this.showWatchers(hold);
      else this.showHold(hold);
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error; // who is offline is told so by the autosave
      if (error.status === SESSION_ENDED) this.sessionEnded();
    }
  }

  showWatchers({ others }) {
    const names = others.map(({ reviewer: name }) => name).join(" and ");
    this.notice("claim", names ? `${names} has this stream open too. What each of you makes of it is kept.` : "");
  }

  showHold({ yours, others, another_page: anotherPage }) {
    const names = others.map(({ reviewer: name }) => name).join(" and ");
    this.notice("claim", !yours && names ? `${names} is at work on this item. What you do is saved, but it may be done twice.` : "", [
      ["Take it over", () => this.beat(true)],
      ["Another item", () => location.assign("/review/next")],
    ], "warn");
    this.notice("tabs", anotherPage ? "This item is open in another tab or browser of yours. What each saves is kept." : "");
  }

  showNotices(kept) {
    const { item } = this;
    if (kept.unsaved) this.notice("kept", "What wasn't saved when this page was left is here again.");
    if (item.own !== null) this.notice("again", "You have handed this item in. What you submit now replaces it.");
    for (const { reviewer: name, why } of item.flags) this.notice(`flag-${name}`, `${name} flagged this item: ${why}`);
    if (item.saved.some(({ late }) => late)) this.offerVersions();
  }

  offerVersions() {
    this.notice("versions", "Another version of yours is kept, from another tab or browser.", [
      ["See both", () => this.orSay(() => this.seeBoth())],
    ], "warn");
  }

  async seeBoth() {
    const { saved } = await loaded();
    const other = saved.find(({ page }) => page !== this.page);
    if (!other) {
      this.notice("versions", "");
      return;
    }
    const chosen = await compare("Two versions of yours", "Each was saved by a tab of its own. Both are kept until you choose.",
      { title: "This page", chapters: this.model.chapters },
      { title: `The other, of ${new Date(other.at).toLocaleString()}`, chapters: other.chapters },
      { left: "Go on with this one", right: "Take the other" }, this.item);
    if (!chosen) return;
    this.autosave.revision = Math.max(...saved.map(({ revision }) => revision));
    if (chosen === "right") this.restore(other.chapters, "The other version was taken; this can be undone");
    await request("POST", `${path}/discard`, { page: other.page });
    this.autosave.changed();
    this.notice("versions", "");
  }

  // time, keys, and the rest -----------------------------------------------------------------------------------------

  countTime() {
    if (!this.left) this.local.keepPlace(this.list.current);
    if (!document.hidden && performance.now() - this.active < IDLE) this.effort.seconds += 1;
  }

  listen() {
    document.addEventListener("keydown", (event) => this.pressed(event));
    document.addEventListener("pointerdown", () => { this.active = performance.now(); }, { passive: true });
    byId("review").addEventListener("click", (event) => {
      const button = event.target.closest("[data-action]");
      if (button && !button.closest(".chapter")) this.run(button.dataset.action);
    });
    toggles(byId("sheet"), () => {
      const opened = byId("panel").classList.toggle("opened");
      set(byId("sheet"), { text: opened ? "Back to the transcript" : "All chapters" });
      if (this.panel.selected !== null) this.panel.reveal(this.panel.selected);
      return opened;
    });
    toggles(byId("more"), () => byId("further").classList.toggle("opened"));
    document.addEventListener("visibilitychange", () => !document.hidden && this.beat());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    addEventListener("pagehide", () => {
      if (!this.left && !stream) request("POST", `${path}/release`, { page: this.page }, true).catch(() => {});
    });
    navigator.keyboard?.getLayoutMap?.().then((layout) => {
      this.keys.layout = layout;
      this.render();
    }, () => {});
  }

  pressed(event) {
    this.active = performance.now();
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const keys = combination(event);
    const action = this.keys.map.actionOf(keys) ?? (event.key === "?" && !typesIn(event.target) ? "help" : null);
    if (!action || !this.applies(action, keys, event.target)) return;
    event.preventDefault();
    this.run(action);
  }

  /** Whether a key is meant for the page: letters are not while one types, Enter is a button's own. */
  applies(action, keys, target) {
    if (typesIn(target)) {
      if (action === "rename" || action === "leave") return target.matches(".title");
      return /^(Ctrl|Alt)\+/.test(keys) || keys === "F1";
    }
    if (action === "leave") return false;
    return !(["Enter", "Space"].includes(keys) && target.closest("button, a, summary"));
  }
}

function typesIn(target) {
  return target.matches("input, textarea, select");
}

function effortOf({ seconds, plays, commands }) {
  return { seconds, plays, commands };
}

function toggles(button, toggle) {
  button.addEventListener("click", () => button.setAttribute("aria-expanded", String(toggle())));
}

/** Pages of this browser that are open now, by their numbers. Browsers tell only where the page came encrypted. */
async function openPages() {
  const locks = await navigator.locks?.query();
  const names = (locks?.held ?? []).map(({ name }) => name);
  return new Set(names.filter((name) => name.startsWith("errata.page.")).map((name) => name.slice(12)));
}

/** The item as the page uses it: lines with names, and chapters by their lines. */
async function loaded() {
  const data = stream ? await request("POST", `${path}/data`, { page: pageNumber }) : await request("GET", `${path}/data`);
  if (data.became) {
    location.replace(`/review/${data.became}`);
    return new Promise(() => {}); // the page is left
  }
  const lines = data.lines.map(([start, end, text, speaker]) => ({ start, end, text, speaker }));
  return {
    ...data,
    lines,
    draft: data.draft && placed(data.draft, lines),
    begun_with: placed(data.begun_with, lines),
    saved: data.saved.map((draft) => ({ ...draft, chapters: placed(draft.chapters, lines) })),
  };
}

/** Once something was said. */
async function firstLines() {
  const item = await loaded();
  if (item.lines.length) return item;
  set(byId("live-text"), { text: "Nothing has been said yet. The page opens with the first words." });
  byId("newest").hidden = true;
  await new Promise((said) => {
    const listener = new StreamListener(stream, item.place, {
      heard: (kind) => {
        listener.stop();
        said(kind);
      },
      connected: () => {},
    });
  });
  byId("newest").hidden = false;
  return loaded();
}

async function begin() {
  try {
    await new ItemPage(await firstLines()).open();
  } catch (error) {
    if (!(error instanceof RequestFailed)) throw error;
    byId("banners").append(element("div", { class: "banner bad", role: "alert", text: `This item can't be opened: ${error.message}` }));
    root.setAttribute("aria-busy", "false");
  }
}

begin();
