// The page's other parts that need no page: heights, keys, times, and what is kept in the browser.
import assert from "node:assert/strict";
import { test } from "node:test";

import { clock, readPlace, roughly, spoken } from "../../../platform/errata/service/static/review/clock.js";
import { ACTIONS, KeyMap, combination, isCharacter, label } from "../../../platform/errata/service/static/review/key_map.js";
import { RowHeights } from "../../../platform/errata/service/static/review/row_heights.js";
import { BorderCheck } from "../../../platform/errata/service/static/review/player.js";

const pressed = (code, held = {}, key = "") => combination({ code, key, ...held });

test("a row is found at its height, whatever is known of the others", () => {
  const heights = new RowHeights(1000, () => 20);
  assert.equal(heights.top(1000), 20_000);
  assert.equal(heights.at(399), 19);
  assert.ok(heights.set(3, 120));
  assert.ok(!heights.set(3, 120.2), "as good as the same");
  assert.equal(heights.top(4), 180);
  assert.equal(heights.at(179), 3);
  assert.equal(heights.at(180), 4);
  assert.equal(heights.at(-5), 0);
  assert.equal(heights.at(1e9), 999);
});

test("keys go by their place, and letters with Ctrl by what is printed on them", () => {
  const keys = new KeyMap();
  assert.equal(keys.actionOf(pressed("KeyB", {}, "ب")), "add");
  assert.equal(keys.actionOf(pressed("KeyY", { ctrlKey: true }, "z")), "undo", "as on a German keyboard");
  assert.equal(keys.actionOf(pressed("KeyZ", { metaKey: true, shiftKey: true }, "Z")), "redo");
  assert.equal(keys.actionOf(pressed("NumpadEnter", { ctrlKey: true })), "submit");
  assert.equal(keys.actionOf(pressed("KeyQ")), null);
});

test("no key does two things", () => {
  const all = ACTIONS.flatMap(([, , , keys]) => keys);
  assert.equal(new Set(all).size, all.length);
});

test("single characters can be switched off, and everything else works on", () => {
  const keys = new KeyMap({}, false);
  for (const [, action, , own] of ACTIONS) {
    for (const one of own) assert.equal(keys.actionOf(one), isCharacter(one) ? null : action);
  }
  assert.ok(isCharacter("Shift+BracketLeft") && !isCharacter("Ctrl+Enter") && !isCharacter("ArrowUp"));
});

test("a key is changed, kept, refused where it is taken, and put back", () => {
  const store = new Map();
  const stored = { getItem: (name) => store.get(name) ?? null, setItem: (name, value) => store.set(name, value) };
  const keys = new KeyMap();
  assert.equal(keys.change("add", "KeyN"), null);
  assert.match(keys.change("add", "KeyM"), /taken: Merge/);
  assert.match(keys.change("add", "Tab"), /needed elsewhere/);
  keys.save(stored);
  const again = KeyMap.load(stored);
  assert.equal(again.actionOf("KeyN"), "add");
  assert.equal(again.actionOf("KeyB"), null);
  again.reset();
  assert.equal(again.actionOf("KeyB"), "add");
  store.set("errata.keys", "not JSON");
  assert.equal(KeyMap.load(stored).actionOf("KeyB"), "add");
});

test("keys are written as they are printed, where the browser knows", () => {
  assert.equal(label("Ctrl+Shift+KeyZ"), "Ctrl+Shift+Z");
  assert.equal(label("ArrowUp"), "↑");
  assert.equal(label("KeyZ", new Map([["KeyZ", "y"]])), "Y");
  assert.equal(label("Shift+Slash"), "?");
});

test("times are written, and read in each of their forms", () => {
  assert.equal(clock(3723.9), "01:02:03");
  assert.equal(spoken(1204.2, "words"), "word 1,204");
  for (const [text, seconds] of [["1:02:03", 3723], ["12:34", 754], ["90", 90], ["word 1,204", 1204], [" 0:05.5 ", 5]]) {
    assert.equal(readPlace(text), seconds);
  }
  for (const text of ["", "later", "1:2:3:4", "-5"]) assert.equal(readPlace(text), null);
  assert.equal(roughly(40), "1 min");
  assert.equal(roughly(4800), "1 h 20 min");
});

test("borders are checked one after the other", () => {
  const playback = { playing: false, time: 0, play() { this.playing = true; }, pause() { this.playing = false; } };
  const told = [];
  const check = new BorderCheck(playback, {
    borders: () => [0, 100, 200], reached: (index) => told.push(index), ended: () => told.push("end"),
  }, "seconds");
  check.start(1);
  assert.equal(playback.time, 97);
  check.passed(103.9);
  assert.deepEqual(told, [1]);
  check.passed(104);
  assert.equal(playback.time, 197);
  check.passed(204);
  assert.deepEqual(told, [1, 2, "end"]);
  assert.ok(!playback.playing && !check.on);
});
