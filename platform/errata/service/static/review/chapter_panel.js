// The chapters by themselves: for each a border, which is a slider, and a title.

import { element, set } from "./elements.js";
import { spoken } from "./clock.js";

export class ChapterPanel {
  /** @param {HTMLElement} list @param {object} acts select, rename, renamed, act (an action by its name) */
  constructor(list, item, model, keys, acts) {
    this.list = list;
    this.item = item;
    this.model = model;
    this.keys = keys;
    this.acts = acts;
    this.entries = new Map();
    this.selected = null;
    list.addEventListener("focusin", (event) => this.focused(event));
    list.addEventListener("click", (event) => this.clicked(event));
    list.addEventListener("input", (event) => this.typed(event));
    list.addEventListener("focusout", (event) => event.target.matches(".title") && this.acts.typingEnded());
  }

  render() {
    const shown = new Set(this.model.chapters.map(({ id }) => id));
    for (const [id, entry] of this.entries) {
      if (!shown.has(id)) {
        entry.remove();
        this.entries.delete(id);
      }
    }
    this.model.chapters.forEach((chapter, index) => {
      const entry = this.entries.get(chapter.id) ?? this.made(chapter.id);
      this.entries.set(chapter.id, entry);
      if (this.list.children[index] !== entry) this.place(entry, index);
      this.update(entry, chapter, index);
    });
  }

  /** A node that is moved loses the focus, and with it what is being typed. */
  place(entry, index) {
    const had = entry.contains(document.activeElement) ? document.activeElement : null;
    this.list.insertBefore(entry, this.list.children[index] ?? null);
    had?.focus({ preventScroll: true });
  }

  made(id) {
    const button = (action, text, name) =>
      element("button", { type: "button", class: "quiet small", "data-action": action, "data-name": name }, text, element("kbd", { class: "key" }));
    return element(
      "li",
      { class: "chapter", "data-chapter": id },
      element("div", { class: "border-slider", role: "slider", tabindex: 0, "aria-orientation": "vertical" }),
      element("input", { class: "title", type: "text", maxlength: 300, placeholder: "Title", autocomplete: "off", spellcheck: true }),
      element(
        "div",
        { class: "tools" },
        button("moveBack", "−1", "Move the border back a line"),
        button("moveOn", "+1", "Move the border on a line"),
        button("moveHere", "Here", "Move the border to the line you are at"),
        button("merge", "Merge", "Merge with the chapter before"),
        button("remove", "Delete", "Delete the border"),
      ),
    );
  }

  update(entry, chapter, index) {
    const [slider, title, tools] = entry.children;
    const line = this.item.lines[chapter.line];
    const when = spoken(line.start, this.item.unit);
    const { least, most } = this.model.bounds(chapter.id);
    const selected = chapter.id === this.selected;
    entry.classList.toggle("selected", selected);
    set(entry, { "aria-current": selected ? "true" : null });
    set(slider, {
      text: when,
      "aria-label": `Border of chapter ${index + 1}`,
      "aria-valuemin": least + 1,
      "aria-valuemax": most + 1,
      "aria-valuenow": chapter.line + 1,
      "aria-valuetext": `${when}, line ${chapter.line + 1}: ${line.text.slice(0, 80)}`,
    });
    set(title, { value: chapter.title, "aria-label": `Title of chapter ${index + 1}`, "aria-invalid": chapter.title.trim() ? null : "true" });
    tools.hidden = !selected;
    if (!selected) return;
    for (const button of tools.children) {
      const { action, name } = button.dataset;
      set(button, { "aria-label": `${name}, chapter ${index + 1}`, disabled: action === "merge" && index === 0 });
      set(button.lastElementChild, { text: this.keys.hint(action) });
    }
  }

  chapterOf(target) {
    return Number(target.closest(".chapter")?.dataset.chapter);
  }

  focused(event) {
    const id = this.chapterOf(event.target);
    if (id && id !== this.selected) this.acts.select(id);
  }

  clicked(event) {
    const action = event.target.closest("[data-action]")?.dataset.action;
    const id = this.chapterOf(event.target);
    if (!id) return;
    if (id !== this.selected) this.acts.select(id);
    if (action) this.acts.act(action);
    else if (event.target.matches(".border-slider, .chapter")) this.acts.reveal(id);
  }

  typed(event) {
    if (event.target.matches(".title")) this.acts.renamed(this.chapterOf(event.target), event.target.value);
  }

  focusTitle(id) {
    const title = this.entries.get(id)?.querySelector(".title");
    title?.focus();
    title?.select();
  }

  focusBorder(id) {
    this.entries.get(id)?.querySelector(".border-slider").focus();
  }

  hasFocus() {
    return this.list.contains(document.activeElement);
  }

  reveal(id) {
    this.entries.get(id)?.scrollIntoView({ block: "nearest" });
  }
}
