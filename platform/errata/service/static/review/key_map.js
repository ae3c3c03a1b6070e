// Which key does what: by physical codes, so that a keyboard's layout doesn't matter. Pure, but for `KeyMap.load`.

/** In the order in which the help lists them: group, action, what it does, and its keys. */
export const ACTIONS = [
  ["Playback", "play", "Play or pause", ["Space", "KeyK"]],
  ["Playback", "back", "Back 5 seconds", ["KeyJ"]],
  ["Playback", "forward", "On 5 seconds", ["KeyL"]],
  ["Playback", "previousLine", "Previous line", ["Comma"]],
  ["Playback", "nextLine", "Next line", ["Period"]],
  ["Playback", "slower", "Slower", ["BracketLeft"]],
  ["Playback", "faster", "Faster", ["BracketRight"]],
  ["Playback", "backSlower", "Back and slower", ["Shift+BracketLeft"]],
  ["Playback", "goTo", "Go to a time", ["KeyG"]],
  ["Playback", "checkBorders", "Check borders: play around each", ["KeyC"]],
  ["Borders", "previousChapter", "Previous chapter (with Alt while you type)", ["ArrowUp", "Alt+ArrowUp"]],
  ["Borders", "nextChapter", "Next chapter (with Alt while you type)", ["ArrowDown", "Alt+ArrowDown"]],
  ["Borders", "moveBack", "Move the border back a line", ["ArrowLeft"]],
  ["Borders", "moveOn", "Move the border on a line", ["ArrowRight"]],
  ["Borders", "pauseBack", "Move the border back a pause", ["Shift+ArrowLeft"]],
  ["Borders", "pauseOn", "Move the border on a pause", ["Shift+ArrowRight"]],
  ["Borders", "add", "Begin a chapter at the line you are at", ["KeyB"]],
  ["Borders", "moveHere", "Move the border to the line you are at", ["KeyT"]],
  ["Borders", "merge", "Merge with the chapter before", ["KeyM"]],
  ["Borders", "remove", "Delete the border", ["Backspace", "Delete"]],
  ["Titles", "rename", "Rename; again for the next title", ["Enter"]],
  ["Titles", "leave", "Back from the title", ["Escape"]],
  ["Item", "submit", "Submit, and on to the next item", ["Ctrl+Enter"]],
  ["Item", "accept", "Accept the draft as it was", ["KeyA"]],
  ["Item", "reject", "Reject, with a reason", ["KeyX"]],
  ["Item", "skip", "Skip, with a reason", ["KeyS"]],
  ["Item", "flag", "Flag for colleagues", ["KeyF"]],
  ["Item", "changes", "What changed", ["KeyV"]],
  ["Item", "undo", "Undo", ["Ctrl+KeyZ"]],
  ["Item", "redo", "Redo", ["Ctrl+Shift+KeyZ", "Ctrl+KeyY"]],
  ["Item", "help", "Keys", ["Shift+Slash", "F1"]],
];
const FIXED = new Set(["Escape"]);
const MODIFIERS = ["Ctrl", "Alt", "Shift"];
const STORE = "errata.keys";

/** `Ctrl+Shift+KeyZ` of a keyboard event. A letter held with Ctrl goes by what is printed on it, as everywhere else. */
export function combination(event) {
  const held = [event.ctrlKey || event.metaKey, event.altKey, event.shiftKey];
  let code = event.code === "NumpadEnter" ? "Enter" : event.code;
  if (held[0] && /^[a-z]$/i.test(event.key)) code = `Key${event.key.toUpperCase()}`;
  return [...MODIFIERS.filter((_, index) => held[index]), code].join("+");
}

/** Whether it is one character by itself, which somebody who dictates may say without meaning it (WCAG 2.1.4). */
export function isCharacter(keys) {
  return /^(Shift\+)?(Key[A-Z]|Digit\d|Comma|Period|Slash|Backslash|Semicolon|Quote|Backquote|Bracket\w+|Minus|Equal)$/.test(
    keys,
  );
}

export class KeyMap {
  constructor(changed = {}, characters = true) {
    this.changed = changed;
    this.characters = characters;
  }

  static load(store) {
    try {
      const { changed, characters } = JSON.parse(store.getItem(STORE)) ?? {};
      return new KeyMap(changed ?? {}, characters ?? true);
    } catch {
      return new KeyMap(); // what stands there is none of ours
    }
  }

  save(store) {
    store.setItem(STORE, JSON.stringify({ changed: this.changed, characters: this.characters }));
  }

  keysOf(action) {
    const own = this.changed[action];
    return own ? [own] : ACTIONS.find(([, name]) => name === action)[3];
  }

  /** What keys do; null where they do nothing. */
  actionOf(keys) {
    if (!this.characters && isCharacter(keys)) return null;
    return ACTIONS.map(([, name]) => name).find((name) => this.keysOf(name).includes(keys)) ?? null;
  }

  /** Gives an action another key. Returns what has it already, or why it can't be; null where it is done. */
  change(action, keys) {
    const code = keys.split("+").pop();
    if (FIXED.has(code) || /^(Control|Alt|Shift|Meta|Tab)/.test(code)) return "that key is needed elsewhere";
    const taken = ACTIONS.find(([, name]) => name !== action && this.keysOf(name).includes(keys));
    if (taken) return `that key is taken: ${taken[2]}`;
    this.changed[action] = keys;
    return null;
  }

  reset() {
    this.changed = {};
  }
}

const NAMES = {
  ArrowUp: "↑",
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  Comma: ",",
  Period: ".",
  BracketLeft: "[",
  BracketRight: "]",
  Slash: "/",
  Backslash: "\\",
  Semicolon: ";",
  Quote: "'",
  Backquote: "`",
  Minus: "-",
  Equal: "=",
  Backspace: "⌫",
  Delete: "Del",
  Escape: "Esc",
};

/** How keys are written on a button; `layout` says what is printed on a physical key, where the browser knows. */
export function label(keys, layout = null) {
  const parts = keys.split("+");
  const code = parts.pop();
  const printed = layout?.get(code);
  const name = NAMES[code] ?? code.replace(/^Key|^Digit/, "");
  if (keys === "Shift+Slash" && (!printed || printed === "/")) return "?";
  return [...parts, printed && printed.trim() ? printed.toUpperCase() : name].join("+");
}
