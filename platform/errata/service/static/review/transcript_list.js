// The transcript: a list of which the page holds only the rows that can be seen, however long it is.

import { element, icon, set } from "./elements.js";
import { RowHeights } from "./row_heights.js";
import { spoken } from "./clock.js";

const BEYOND = 600; // pixels above and below what is seen
const LINE_HEIGHT = 25;
const BORDER_HEIGHT = 62;

export class TranscriptList {
  /**
   * @param {HTMLElement} scroller
   * @param {object} item lines and unit
   * @param {import("./chapter_model.js").ChapterModel} model
   * @param {object} acts what the rows' buttons do: addAt, moveTo, select, focusLine, dragged
   */
  constructor(scroller, item, model, acts) {
    this.scroller = scroller;
    this.list = scroller.firstElementChild;
    this.item = item;
    this.model = model;
    this.acts = acts;
    this.rows = new Map();
    this.current = 0;
    this.selected = null;
    this.playing = -1;
    this.heights = new RowHeights(item.lines.length, (row) => this.guess(row));
    this.width = scroller.clientWidth;
    this.followsEnd = false; // of a stream: its newest line is kept in sight
    this.scrolledTo = 0;
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(scroller);
    this.list.addEventListener("click", (event) => this.clicked(event));
    this.list.addEventListener("focusin", (event) => this.focused(event));
    this.list.addEventListener("pointerdown", (event) => this.grabbed(event));
  }

  guess(row) {
    const perLine = Math.max(20, (Math.min(this.scroller.clientWidth, 820) - 150) / 8.2);
    const lines = Math.ceil(this.item.lines[row].text.length / perLine);
    return Math.max(1, lines) * LINE_HEIGHT + 9 + (this.model.at(row) ? BORDER_HEIGHT : 0);
  }

  /** More lines at the end; who reads there sees them come, and who reads elsewhere stays there. */
  grow() {
    this.heights.grow(this.item.lines.length);
    this.render();
    if (this.followsEnd) this.showEnd();
  }

  /** Whoever scrolls to the end follows it, until they scroll up; a little up is a row that became higher than guessed. */
  scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller;
    if (scrollTop + clientHeight >= scrollHeight - LINE_HEIGHT) this.followsEnd = true;
    else if (scrollTop < this.scrolledTo - BORDER_HEIGHT) this.followsEnd = false;
    this.scrolledTo = scrollTop;
    this.later();
  }

  showEnd() {
    this.followsEnd = true;
    for (let pass = 0; pass < 3; pass += 1) {
      this.scroller.scrollTop = this.heights.top(this.item.lines.length);
      this.render();
    }
  }

  resized() {
    if (this.scroller.clientWidth !== this.width) {
      this.width = this.scroller.clientWidth;
      this.heights.reset();
      this.show(this.current, "nearest");
    } else {
      this.later();
    }
    if (this.followsEnd && this.item.place) this.showEnd();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.render(false);
    });
  }

  /**
   * Draws the rows that are in sight, and keeps what is seen where it is while heights become known.
   * @param {boolean} anew whether rows that are there may have changed; scrolling changes none
   */
  render(anew = true) {
    const { scrollTop, clientHeight } = this.scroller;
    const first = this.heights.at(Math.max(0, scrollTop - BEYOND));
    const last = this.heights.at(scrollTop + clientHeight + BEYOND);
    const drawn = [];
    for (const [row, node] of this.rows) {
      if (row < first || row > last) {
        if (node.contains(document.activeElement)) this.scroller.focus({ preventScroll: true });
        node.remove();
        this.rows.delete(row);
      }
    }
    for (let row = first; row <= last; row += 1) {
      const known = this.rows.get(row);
      const node = known ?? this.made(row);
      if (!known || anew) {
        this.update(row, node);
        drawn.push(row);
      }
      if (!known) {
        this.rows.set(row, node);
        this.list.insertBefore(node, this.nextShown(row, last));
      }
    }
    if (drawn.length) this.measure(drawn, first, last, scrollTop);
  }

  nextShown(row, last) {
    for (let next = row + 1; next <= last; next += 1) if (this.rows.has(next)) return this.rows.get(next);
    return null;
  }

  measure(drawn, first, last, scrollTop) {
    const anchor = this.heights.at(scrollTop);
    const before = this.heights.top(anchor);
    const found = drawn.map((row) => [row, this.rows.get(row).getBoundingClientRect().height]);
    for (const [row, height] of found) this.heights.set(row, height);
    this.list.style.paddingTop = `${this.heights.top(first)}px`;
    this.list.style.paddingBottom = `${this.heights.top(this.item.lines.length) - this.heights.top(last + 1)}px`;
    const shift = this.heights.top(anchor) - before;
    if (Math.abs(shift) >= 1) this.scroller.scrollTop = scrollTop + shift;
  }

  made(row) {
    const line = this.item.lines[row];
    const when = spoken(line.start, this.item.unit);
    const canBegin = this.model.snapped(row) === row;
    return element(
      "div",
      { class: "row", role: "listitem", "data-line": row, "aria-posinset": row + 1 },
      element(
        "div",
        { class: "line" },
        canBegin
          ? element("button", { class: "margin-add", type: "button", "data-act": "add", "aria-label": `Begin a chapter at ${when}`, tabindex: -1 }, "+")
          : element("span", { class: "margin-add none" }),
        element("span", { class: "when", text: when }),
        element(
          "p",
          { class: "words", tabindex: -1 },
          line.speaker ? element("b", { class: "speaker", text: `${line.speaker}: ` }) : null,
          line.text,
        ),
        element("button", { class: "move-here quiet", type: "button", "data-act": "here", tabindex: -1 }, "Move here"),
      ),
    );
  }

  update(row, node) {
    const chapter = this.model.at(row);
    const here = row === this.current;
    set(node, { "aria-setsize": this.item.lines.length });
    node.classList.toggle("current", here);
    node.classList.toggle("playing", row === this.playing);
    const [add, , words, move] = node.lastElementChild.children;
    set(words, { tabindex: here ? 0 : -1, "aria-current": here ? "true" : null });
    add.classList.toggle("taken", chapter !== null);
    if (add.tagName === "BUTTON") set(add, { tabindex: here && !chapter ? 0 : -1 });
    const selected = this.selected === null ? -1 : this.model.index(this.selected);
    const movable = selected >= 0 && !chapter && this.model.snapped(row) === row;
    move.hidden = !movable;
    if (movable) {
      const when = spoken(this.item.lines[row].start, this.item.unit);
      set(move, { tabindex: here ? 0 : -1, "aria-label": `Move the border of chapter ${selected + 1} here, to ${when}` });
    }
    this.updateBorder(node, chapter);
  }

  updateBorder(node, chapter) {
    const border = node.querySelector(":scope > .border");
    if (!chapter) {
      border?.remove();
      return;
    }
    const made = border ?? this.border(node);
    const number = this.model.index(chapter.id) + 1;
    const title = chapter.title.trim() || "Untitled";
    made.dataset.chapter = chapter.id;
    made.classList.toggle("selected", chapter.id === this.selected);
    made.classList.toggle("untitled", !chapter.title.trim());
    set(made.querySelector(".number"), { text: String(number) });
    set(made.querySelector(".name"), { text: title });
    set(made.querySelector("button"), { "aria-label": `Chapter ${number}: ${title}. Rename` });
  }

  border(node) {
    const made = element(
      "div",
      { class: "border" },
      element("span", { class: "grip", title: "Drag the border", "data-grip": "" }, icon("grip")),
      element("button", { class: "heading", type: "button", "data-act": "rename", tabindex: -1 },
        element("span", { class: "number" }),
        element("span", { class: "name" }),
      ),
    );
    node.prepend(made);
    return made;
  }

  lineOf(target) {
    const row = target.closest?.(".row");
    return row ? Number(row.dataset.line) : null;
  }

  clicked(event) {
    const line = this.lineOf(event.target);
    if (line === null) return;
    const act = event.target.closest("[data-act]")?.dataset.act;
    if (act === "add") this.acts.addAt(line);
    else if (act === "here") this.acts.moveTo(line);
    else if (act === "rename") this.acts.rename(Number(event.target.closest(".border").dataset.chapter));
    else this.acts.focusLine(line);
  }

  focused(event) {
    const line = this.lineOf(event.target);
    if (line !== null && event.target.matches(".words") && line !== this.current) this.acts.focusLine(line);
  }

  /** Dragging: the border follows the line under the pointer; near an edge the list scrolls. */
  grabbed(event) {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button > 0) return;
    event.preventDefault();
    const id = Number(grip.closest(".border").dataset.chapter);
    const gesture = `drag ${event.timeStamp}`;
    const place = { x: event.clientX, y: event.clientY };
    this.acts.select(id);
    this.scroller.classList.add("dragging");
    const follow = () => {
      const box = this.scroller.getBoundingClientRect();
      if (place.y < box.top + 40) this.scroller.scrollTop -= 12;
      if (place.y > box.bottom - 40) this.scroller.scrollTop += 12;
      const height = this.scroller.scrollTop + place.y - box.top;
      this.acts.dragged(id, this.heights.at(height), gesture);
      frame = requestAnimationFrame(follow);
    };
    const moved = (next) => {
      place.x = next.clientX;
      place.y = next.clientY;
    };
    const ended = () => {
      cancelAnimationFrame(frame);
      this.scroller.classList.remove("dragging");
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", ended);
      removeEventListener("pointercancel", ended);
      this.acts.dropped(id);
    };
    let frame = requestAnimationFrame(follow);
    addEventListener("pointermove", moved);
    addEventListener("pointerup", ended);
    addEventListener("pointercancel", ended);
  }

  /** Brings a line into sight. `where`: "nearest", or "top" with some of what comes before. */
  show(line, where = "nearest") {
    const { clientHeight } = this.scroller;
    this.render();
    for (let pass = 0; pass < 3; pass += 1) {
      const top = this.heights.top(line);
      const bottom = this.heights.top(line + 1);
      const { scrollTop } = this.scroller;
      if (where === "top") this.scroller.scrollTop = top - Math.min(clientHeight * 0.25, 140);
      else if (top < scrollTop + 30) this.scroller.scrollTop = top - 60;
      else if (bottom > scrollTop + clientHeight - 30) this.scroller.scrollTop = bottom - clientHeight + 60;
      this.render();
    }
  }

  focusCurrent() {
    this.rows.get(this.current)?.querySelector(".words").focus({ preventScroll: true });
  }
}
