// The chapters of an item, by themselves: node --test tests/browser/scripts/
import assert from "node:assert/strict";
import { test } from "node:test";

import { ChapterModel, changes, pausesOf, placed, placesOf, summary, unplaced } from "../../../platform/errata/service/static/review/chapter_model.js";

const lines = (count = 20, gap = 0) =>
  Array.from({ length: count }, (_, n) => ({ start: 10 * n, end: 10 * n + 10 - gap, text: n % 5 === 4 ? "An end." : "and on" }));
const model = (...starts) => new ChapterModel(lines(), starts.map((line, n) => ({ line, title: `Part ${n + 1}` })));
const seen = (made) => made.chapters.map(({ line, title }) => [line, title]);

test("a border is added in order, once a line", () => {
  const made = model(0, 10);
  assert.equal(made.add(5).line, 5);
  assert.equal(made.add(5), null);
  assert.deepEqual(seen(made), [[0, "Part 1"], [5, ""], [10, "Part 2"]]);
});

test("a border moves by lines and stops at its neighbours and at the ends", () => {
  const made = model(0, 2, 4);
  const [first, second, third] = made.chapters.map(({ id }) => id);
  assert.equal(made.moveBy(second, 1).line, 3);
  assert.equal(made.moveBy(second, 1), null, "the next one is there");
  assert.equal(made.moveBy(first, -1), null);
  assert.equal(made.move(third, 99).line, 19);
});

test("a border moves to the next pause, where lines touch each other to the next sentence", () => {
  const made = model(0, 10);
  const second = made.chapters[1].id;
  assert.deepEqual(pausesOf(lines()), [5, 10, 15]);
  assert.equal(made.moveToPause(second, 1).line, 15);
  assert.equal(made.moveToPause(second, -1).line, 10);
  assert.equal(pausesOf(lines(20, 2)).length, 19, "silences are pauses");
});

test("a title that is typed is one command, and the next one another", () => {
  const made = model(0, 10);
  const [first, second] = made.chapters.map(({ id }) => id);
  for (const title of ["N", "Ne", "New"]) made.rename(first, title, "typing 1");
  made.rename(second, "Other", "typing 2");
  assert.equal(made.commands, 2);
  made.undo();
  assert.deepEqual(seen(made), [[0, "New"], [10, "Part 2"]]);
  made.undo();
  assert.deepEqual(seen(made), [[0, "Part 1"], [10, "Part 2"]]);
  assert.equal(made.undo(), null);
});

test("a merge keeps a title, and a deletion the chapter after", () => {
  const made = model(0, 5, 10);
  const [first, second, third] = made.chapters.map(({ id }) => id);
  assert.equal(made.merge(first), null, "there is none before it");
  assert.equal(made.merge(second).id, first);
  assert.deepEqual(seen(made), [[0, "Part 1"], [10, "Part 3"]]);
  assert.equal(made.remove(first).id, third);
  assert.deepEqual(seen(made), [[10, "Part 3"]]);
  const untitled = new ChapterModel(lines(), [{ line: 0, title: "" }, { line: 3, title: "Named" }]);
  assert.equal(untitled.merge(untitled.chapters[1].id).title, "Named");
});

test("back to the draft is a command too", () => {
  const made = model(0, 10);
  const draft = [{ line: 0, title: "Part 1" }, { line: 10, title: "Part 2" }];
  assert.equal(made.replace(draft), null, "nothing had changed");
  made.add(5);
  made.replace(draft);
  assert.equal(made.chapters.length, 2);
  made.undo();
  assert.equal(made.chapters.length, 3);
});

test("whatever is done, undone and done again is as it was, over a reload too", () => {
  let seed = 7;
  const draw = (most) => (seed = (seed * 48271) % 2147483647) % most;
  for (let round = 0; round < 60; round += 1) {
    let made = model(0, 6, 12);
    const states = [seen(made)];
    for (let step = 0; step < 25; step += 1) {
      const chapter = made.chapters[draw(Math.max(1, made.chapters.length))];
      const before = made.undoable.length;
      const acts = [
        () => made.add(draw(20)),
        () => chapter && made.moveBy(chapter.id, draw(7) - 3),
        () => chapter && made.rename(chapter.id, `Title ${draw(5)}`),
        () => chapter && made.merge(chapter.id),
        () => chapter && draw(3) === 0 && made.remove(chapter.id),
        () => chapter && made.moveToPause(chapter.id, draw(2) * 2 - 1),
      ];
      acts[draw(acts.length)]();
      if (made.undoable.length > before) states.push(seen(made));
      const order = made.chapters.map(({ line }) => line);
      assert.deepEqual(order, [...new Set(order)].sort((a, b) => a - b), "in order, one a line");
    }
    made = new ChapterModel(lines(), [], JSON.parse(JSON.stringify(made.asSaved())));
    const last = states.length - 1;
    for (let step = last - 1; step >= 0; step -= 1) {
      made.undo();
      assert.deepEqual(seen(made), states[step]);
    }
    for (let step = 1; step <= last; step += 1) {
      made.redo();
      assert.deepEqual(seen(made), states[step]);
    }
    assert.equal(made.redo(), null);
  }
});

test("what changed is told by line, then by title, then by place", () => {
  const draft = [[0, "A"], [5, "B"], [10, "C"], [15, "D"]].map(([line, title]) => ({ line, title }));
  const now = [[0, "A"], [6, "B"], [11, "See"], [13, "New"]].map(([line, title]) => ({ line, title }));
  const found = changes(now, draft).map(({ kind, before, after }) => [kind, before?.line, after?.line]);
  assert.deepEqual(found, [["moved", 5, 6], ["moved and renamed", 10, 11], ["moved and renamed", 15, 13]]);
  assert.equal(summary(changes(now.slice(0, 2), draft)), "1 moved, 2 removed");
  assert.equal(summary(changes([...draft, { line: 17, title: "E" }], draft)), "1 added");
  assert.equal(summary(changes(draft, draft)), "");
});

test("a chapter may begin where a second does, and starts go to the nearest line and back", () => {
  const close = [0, 0.4, 1.2, 1.9, 7].map((start) => ({ start, end: start + 0.1, text: "x" }));
  assert.deepEqual(placesOf(close), [0, 2, 4]);
  const made = placed([{ start: 0.2, title: "a" }, { start: 3, title: "b" }, { start: 6, title: "c" }, { start: 7, title: "d" }], close);
  assert.deepEqual(made, [{ line: 0, title: "a" }, { line: 2, title: "b" }, { line: 4, title: "c" }]);
  assert.deepEqual(unplaced(made, close).map(({ start }) => start), [0, 1, 7]);
});
