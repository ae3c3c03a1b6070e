// What a reviewer makes of chapters that are told while a stream runs: node --test tests/browser/scripts/
import assert from "node:assert/strict";
import { test } from "node:test";

import { ChapterModel } from "../../../platform/errata/service/static/review/chapter_model.js";
import { followed, told } from "../../../platform/errata/service/static/review/told_chapters.js";

const lines = Array.from({ length: 40 }, (_, n) => ({ start: 6 * n, end: 6 * n + 6, text: "and on" }));
const of = (...pairs) => pairs.map(([line, title]) => ({ line, title }));
const seen = (chapters) => chapters.map(({ line, title }) => [line, title]);
const after = (mine, before, now, held = null) => seen(followed(of(...mine), of(...before), of(...now), lines, held));

test("what nobody touched follows what is told", () => {
  assert.deepEqual(after([[0, "A"]], [[0, "A"]], [[0, "A"], [10, "B"]]), [[0, "A"], [10, "B"]]);
  assert.deepEqual(after([[0, "A"], [10, "B"]], [[0, "A"], [10, "B"]], [[0, "Ah"]]), [[0, "Ah"]]);
});

test("a title that was changed stays, and so does its border when it is taken back", () => {
  assert.deepEqual(after([[0, "Mine"]], [[0, "A"]], [[0, "Ah"], [10, "B"]]), [[0, "Mine"], [10, "B"]]);
  assert.deepEqual(after([[0, "Mine"]], [[0, "A"]], []), [[0, "Mine"]]);
});

test("a border that was taken out or moved doesn't come back, whatever it is called now", () => {
  assert.deepEqual(after([], [[10, "B"]], [[10, "Bee"]]), []);
  assert.deepEqual(after([[12, "B"]], [[10, "B"]], [[10, "Bee"]]), [[12, "B"]]);
});

test("where a reviewer has set a border, none is told beside it", () => {
  assert.deepEqual(after([[10, "Mine"]], [], [[11, "Told"]]), [[10, "Mine"]]);
  assert.deepEqual(after([[10, "Mine"]], [], [[10, "Told"]]), [[10, "Mine"]]);
  assert.deepEqual(after([[10, "Mine"]], [], [[12, "Told"]]), [[10, "Mine"], [12, "Told"]]);
});

test("a title that is being typed stays, also before its first letter", () => {
  assert.deepEqual(after([[0, "A"]], [[0, "A"]], [[0, "Ah"]], 0), [[0, "A"]]);
  assert.deepEqual(after([[0, "A"]], [[0, "A"]], [], 0), [[0, "A"]]);
});

test("undoing takes back what the reviewer did, and nothing that was told", () => {
  const model = new ChapterModel(lines, of([0, "A"]));
  model.rename(model.chapters[0].id, "Mine");
  model.follow(of([0, "A"]), of([0, "A"], [20, "B"]));
  assert.deepEqual(seen(model.chapters), [[0, "Mine"], [20, "B"]]);
  const told = model.chapters[1].id;
  model.undo();
  assert.deepEqual(seen(model.chapters), [[0, "A"], [20, "B"]]);
  assert.equal(model.chapters[1].id, told, "it is the same chapter");
  model.redo();
  assert.deepEqual(seen(model.chapters), [[0, "Mine"], [20, "B"]]);
  assert.equal(model.commands, 3, "what is told is no gesture");
});

test("chapters are told, called otherwise and taken back", () => {
  const first = told([], "chapter", { start: 60, title: "B" });
  const both = told(first, "chapter", { start: 0, title: "A" });
  assert.deepEqual(both.map(({ start, title }) => [start, title]), [[0, "A"], [60, "B"]]);
  assert.equal(told(both, "revision", { start: 60, title: "Bee", kind: "renamed" })[1].title, "Bee");
  assert.deepEqual(told(both, "revision", { start: 60, title: "B", kind: "withdrawn" }).length, 1);
});
