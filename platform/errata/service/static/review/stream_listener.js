// What a stream that runs says, as it says it: server-sent events, from a place on, however often the line drops.

const RETRY = 5000; // milliseconds; the browser itself tries again where the connection was only lost
const KINDS = ["lines", "chapter", "revision", "end"];

export class StreamListener {
  /**
   * @param {string} name
   * @param {string} place the id of the last event that is known
   * @param {object} acts heard(kind, data), and connected(whether) when that changes
   */
  constructor(name, place, acts) {
    this.name = name;
    this.place = place;
    this.acts = acts;
    addEventListener("pagehide", () => this.stop());
    this.listen();
  }

  listen() {
    const source = new EventSource(`/v1/streams/${this.name}/events?lines=true&after=${this.place}`);
    this.source = source;
    source.addEventListener("open", () => this.acts.connected(true));
    source.addEventListener("error", () => {
      if (this.stopped) return;
      this.acts.connected(false);
      if (source.readyState !== EventSource.CLOSED) return;
      this.timer = setTimeout(() => this.listen(), RETRY); // it was refused: a session that ended, a service that starts
    });
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        this.place = event.lastEventId;
        if (kind === "end") this.stop();
        this.acts.heard(kind, JSON.parse(event.data));
      });
    }
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.source.close();
  }
}
