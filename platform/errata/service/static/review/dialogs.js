// The page's dialogs: each resolves to what was chosen, or null where it was left.

import { byId, element, set } from "./elements.js";
import { ACTIONS, combination, isCharacter, label } from "./key_map.js";
import { changes } from "./chapter_model.js";
import { readPlace, spoken } from "./clock.js";

function opened(dialog) {
  dialog.returnValue = "";
  const close = dialog.querySelector("[data-close]");
  if (close) close.onclick = () => dialog.close("");
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      if (dialog.open) return; // the event of an earlier closing, which came late
      dialog.removeEventListener("close", closed);
      resolve(dialog.returnValue || null);
    };
    dialog.addEventListener("close", closed);
    // an answer counts at once: the event of its closing may come only after the next key, which would still be about
    // what was before
    dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close(event.submitter?.value ?? "");
      closed();
    };
  });
}

/** A reason, in the reviewer's words. */
export async function askReason(what, presets) {
  const dialog = byId("reason-dialog");
  const reason = byId("reason");
  set(byId("reason-title"), { text: what });
  reason.value = "";
  const chosen = presets.map((preset) =>
    element("button", { type: "button", class: "quiet small", text: preset, onclick: () => {
      reason.value = preset;
      dialog.close("ok");
    } }),
  );
  byId("reason-presets").replaceChildren(...chosen);
  const answer = await opened(dialog);
  return answer === "ok" && reason.value.trim() ? reason.value.trim() : null;
}

/** A time, or a word, in the transcript's unit. */
export async function askPlace(unit) {
  const field = byId("place");
  set(byId("place-label"), { text: unit === "words" ? "Number of the word" : "Time, as 12:34 or 1:02:03" });
  field.value = "";
  const answer = await opened(byId("place-dialog"));
  return answer === "ok" ? readPlace(field.value) : null;
}

/** The chapters of the draft and what became of each. Resolves to "restore" where the draft is wanted back. */
export function showChanges(model, draft, item) {
  const rows = draft ? changes(model.chapters, draft).map((change) => changeRow(change, item)) : [];
  const none = draft ? "Nothing: the chapters are as they were drafted." : "You were shown no draft of this item.";
  byId("changes-list").replaceChildren(...(rows.length ? rows : [element("li", { text: none })]));
  byId("changes-restore").hidden = rows.length === 0;
  return opened(byId("changes-dialog"));
}

function changeRow({ kind, before, after }, item) {
  const when = (chapter) => spoken(item.lines[chapter.line].start, item.unit);
  const said = (chapter) => `${when(chapter)} ${chapter.title || "Untitled"}`;
  return element(
    "li",
    { class: `change ${kind.split(" ")[0]}` },
    element("b", { class: "kind", text: kind }),
    element(
      "span",
      {},
      before ? element("del", { text: said(before) }) : null,
      before && after ? " → " : null,
      after ? element("ins", { text: said(after) }) : null,
    ),
  );
}

/**
 * Two states of the same item, side by side. Resolves to "left" or "right" for the one that is wanted.
 * @param {{title: string, chapters: object[]}} left @param {{title: string, chapters: object[]}} right
 * @param {{left?: string, right?: string}} choices what the buttons say; a side without one can't be chosen
 */
export function compare(heading, explanation, left, right, choices, item) {
  set(byId("compare-title"), { text: heading });
  set(byId("compare-why"), { text: explanation });
  const said = ({ line, title }) => `${line} ${title.trim()}`;
  const [ofLeft, ofRight] = [left, right].map(({ chapters }) => new Set(chapters.map(said)));
  for (const [name, side, elsewhere] of [["left", left, ofRight], ["right", right, ofLeft]]) {
    set(byId(`compare-${name}-title`), { text: side.title });
    byId(`compare-${name}-list`).replaceChildren(
      ...side.chapters.map((chapter) =>
        element("li", { class: elsewhere.has(said(chapter)) ? null : "alone" },
          element("span", { class: "when", text: spoken(item.lines[chapter.line].start, item.unit) }),
          ` ${chapter.title || "Untitled"}`),
      ),
      ...(side.chapters.length ? [] : [element("li", { class: "none", text: "No chapters" })]),
    );
    const button = byId(`compare-${name}`);
    button.hidden = !choices[name];
    set(button, { text: choices[name] ?? "" });
  }
  return opened(byId("compare-dialog"));
}

/** The keys: what each does, and how to change it. */
export function showKeys(keys, changed) {
  const dialog = byId("keys-dialog");
  const complaint = byId("keys-complaint");
  const list = byId("keys-list");
  const letters = byId("keys-letters");
  letters.checked = keys.map.characters;
  letters.onchange = () => {
    keys.map.characters = letters.checked;
    changed();
    draw();
  };
  byId("keys-reset").onclick = () => {
    keys.map.reset();
    changed();
    draw();
  };
  function draw() {
    set(complaint, { text: "" });
    const groups = [...new Set(ACTIONS.map(([group]) => group))];
    list.replaceChildren(...groups.map((group) => section(group)));
  }
  function section(group) {
    const rows = ACTIONS.filter(([of]) => of === group).map(([, action, what]) => {
      const written = keys.map.keysOf(action).map((one) => label(one, keys.layout)).join(" or ");
      const off = !keys.map.characters && keys.map.keysOf(action).every(isCharacter);
      return element("tr", { class: off ? "off" : null },
        element("td", { text: what }),
        element("td", {}, element("kbd", { text: off ? "off" : written })),
        element("td", {}, action === "leave" ? null : element("button", {
          type: "button", class: "quiet small", text: "Change", "aria-label": `Change the key of: ${what}`,
          onclick: (event) => capture(action, event.currentTarget),
        })));
    });
    return element("table", {}, element("caption", { text: group }), element("tbody", {}, ...rows));
  }
  function capture(action, button) {
    set(button, { text: "Press a key" });
    const pressed = (event) => {
      if (/^(Control|Alt|Shift|Meta)$/.test(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      button.removeEventListener("keydown", pressed);
      const problem = event.code === "Escape" ? null : keys.map.change(action, combination(event));
      changed();
      draw();
      set(complaint, { text: problem ? `Not changed: ${problem}.` : "" });
      list.querySelector(`[aria-label="${CSS.escape(button.getAttribute("aria-label"))}"]`)?.focus();
    };
    button.addEventListener("keydown", pressed);
  }
  draw();
  return opened(dialog);
}
