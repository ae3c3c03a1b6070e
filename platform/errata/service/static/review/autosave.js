// Keeps what is not submitted yet: in this browser at every command, on the server after a second of rest.

const REST = 1000; // milliseconds without a command
const LATEST = 5000; // after the first command that is not on the server
const RETRY = [2000, 4000, 8000, 15000];
const PREFIX = "errata.review.";
const PLACE = "errata.place.";

/** What this browser keeps of an item, page by page. */
export class LocalDrafts {
  constructor(store, reviewer, transcript) {
    this.store = store;
    this.prefix = `${PREFIX}${reviewer}.${transcript}.`;
  }

  write(page, draft) {
    try {
      this.store.setItem(this.prefix + page, JSON.stringify(draft));
      return true;
    } catch {
      return false; // the store is full or forbidden: the server's copy is the only one
    }
  }

  remove(page) {
    this.store.removeItem(this.prefix + page);
  }

  /** The line that its reviewer was at; null where they have not been. */
  place() {
    const line = Number.parseInt(this.store.getItem(`${PLACE}${this.prefix}`), 10);
    return Number.isNaN(line) ? null : line;
  }

  keepPlace(line) {
    if (line === this.kept) return;
    this.kept = line;
    try {
      this.store.setItem(`${PLACE}${this.prefix}`, String(line));
    } catch {
      // the store is full or forbidden: the page opens where the last change was
    }
  }

  forgetPlace() {
    this.store.removeItem(`${PLACE}${this.prefix}`);
  }

  /** Of every page that has something here, the latest first. */
  all() {
    const names = Array.from({ length: this.store.length }, (_, index) => this.store.key(index));
    const found = names.filter((name) => name?.startsWith(this.prefix)).map((name) => this.read(name));
    return found.filter((draft) => draft !== null).sort((one, other) => other.at - one.at);
  }

  read(name) {
    try {
      return { ...JSON.parse(this.store.getItem(name)), page: name.slice(this.prefix.length) };
    } catch {
      return null;
    }
  }
}

export class Autosave {
  /**
   * @param {object} parts local: LocalDrafts; page: this page's number; send(body, leaving) -> Promise of the answer;
   *   content() -> what is saved; shown(state, detail) when the state changes; late() once, when another page turns out to have gone on from the same state
   */
  constructor({ local, page, revision, send, content, shown, late }) {
    Object.assign(this, { local, page, revision, send, content, shown, late });
    this.unsaved = false;
    this.failures = 0;
    this.sending = null;
    this.stopped = false;
    addEventListener("online", () => this.unsaved && this.now());
    addEventListener("pagehide", () => this.unsaved && this.leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.unsaved && this.now());
  }

  changed() {
    this.first ??= performance.now();
    this.unsaved = true;
    this.keepHere();
    if (this.failures === 0) this.shown("waiting");
    const rest = Math.max(0, Math.min(REST, this.first + LATEST - performance.now()));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.now(), this.failures ? this.wait() : rest);
  }

  keepHere() {
    const { revision, unsaved } = this;
    this.here = this.local.write(this.page, { ...this.content(), revision, unsaved, at: Date.now() });
  }

  wait() {
    return RETRY[Math.min(this.failures, RETRY.length) - 1];
  }

  async now() {
    clearTimeout(this.timer);
    if (this.stopped) return;
    if (this.sending) {
      this.again = true;
      return;
    }
    this.shown("saving");
    this.unsaved = false;
    this.first = undefined;
    this.sending = this.send(this.body(), false);
    try {
      const answer = await this.sending;
      this.failures = 0;
      this.answered(answer);
    } catch (error) {
      this.failures += 1;
      this.unsaved = true;
      this.shown(this.here ? "here" : "nowhere", error.message);
      this.timer = setTimeout(() => this.now(), this.wait());
    } finally {
      this.sending = null;
    }
    if (this.again) {
      this.again = false;
      await this.now();
    }
  }

  answered(answer) {
    if (this.stopped) return;
    if (answer.late) {
      if (!this.isLate) this.late();
      this.isLate = true;
      this.shown("late");
    } else {
      this.isLate = false;
      this.revision = answer.revision;
      this.shown(this.unsaved ? "waiting" : "saved");
    }
    this.keepHere();
  }

  body() {
    return { page: this.page, goes_on_from: this.revision, ...this.content().saved };
  }

  /** The page is closed: what is not on the server yet is sent without waiting for an answer. */
  leave() {
    if (this.stopped) return;
    this.keepHere();
    this.send(this.body(), true).catch(() => {}); // it stands in this browser, and goes out when the page is back
  }

  /** The item was handed in: nothing of it is kept any more. */
  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.local.remove(this.page);
    this.local.forgetPlace();
  }
}
