// What plays: a recording, or, where there is none, a reader who goes through the lines at the pace of reading.

const WORDS_A_MINUTE = 250; // silent reading; talks have about 150
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.5, 3];

class Playback {
  constructor(changed) {
    this.changed = changed;
    this.speed = 1;
    this.plays = 0;
    this.failed = false;
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  changeSpeed(by) {
    const index = SPEEDS.indexOf(this.speed);
    this.speed = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, index + by))];
    this.speedChanged();
    this.changed();
  }

  speedChanged() {}

  /** More of a stream has come. */
  grow() {}
}

export class Recording extends Playback {
  constructor(media, changed) {
    super(changed);
    this.media = media;
    this.next = null; // where to go once the media has come to where it was sent before
    for (const name of ["play", "pause", "ended"]) media.addEventListener(name, changed);
    media.addEventListener("seeked", () => this.arrived());
    media.addEventListener("error", () => {
      this.failed = true;
      changed();
    });
    media.addEventListener("timeupdate", changed);
    media.addEventListener("play", () => this.tick());
  }

  /** `timeupdate` comes four times a second; the playhead moves with every frame. */
  tick() {
    if (!this.playing) return;
    this.changed();
    requestAnimationFrame(() => this.tick());
  }

  get playing() {
    return !this.media.paused && !this.media.ended;
  }

  get time() {
    return this.next ?? this.media.currentTime;
  }

  /** One journey at a time: sent elsewhere while it still seeks, Chromium's player now and then arrives nowhere. */
  set time(seconds) {
    const place = Math.max(0, seconds);
    if (this.media.seeking) this.next = place;
    else this.media.currentTime = place;
    this.changed();
  }

  arrived() {
    const place = this.next;
    this.next = null;
    if (place !== null) this.time = place;
    else this.changed();
  }

  play() {
    this.plays += 1;
    this.media.play().catch(() => {
      this.failed = true;
      this.changed();
    });
  }

  pause() {
    this.media.pause();
  }

  speedChanged() {
    this.media.playbackRate = this.speed;
  }
}

export class Reader extends Playback {
  constructor(item, changed) {
    super(changed);
    this.item = item;
    this.grow();
    this.at = 0;
    this.since = null;
  }

  grow() {
    this.duration = this.item.duration;
    const words = this.item.lines.reduce((sum, line) => sum + line.text.split(/\s+/).length, 0);
    this.pace = (this.duration / Math.max(1, words)) * (WORDS_A_MINUTE / 60); // of the transcript's unit, a second
  }

  /** Seconds that reading from `from` to the end takes. */
  left(from) {
    return (this.duration - from) / this.pace / this.speed;
  }

  get playing() {
    return this.since !== null;
  }

  get time() {
    if (this.since === null) return this.at;
    return Math.min(this.duration, this.at + ((performance.now() - this.since) / 1000) * this.pace * this.speed);
  }

  set time(place) {
    this.at = Math.min(this.duration, Math.max(0, place));
    if (this.since !== null) this.since = performance.now();
    this.changed();
  }

  play() {
    this.plays += 1;
    this.since = performance.now();
    this.tick();
  }

  tick() {
    if (!this.playing) return;
    if (this.time >= this.duration) this.pause();
    this.changed();
    requestAnimationFrame(() => this.tick());
  }

  pause() {
    this.at = this.time;
    this.since = null;
    this.changed();
  }

  changeSpeed(by) {
    this.at = this.time;
    if (this.since !== null) this.since = performance.now();
    super.changeSpeed(by);
  }
}

/** Plays from shortly before to shortly after each border, one after the other. */
export class BorderCheck {
  constructor(playback, acts, unit) {
    this.playback = playback;
    this.acts = acts; // borders: their times; reached: a border's index; ended
    this.before = unit === "words" ? 8 : 3;
    this.after = unit === "words" ? 10 : 4;
    this.index = null;
  }

  get on() {
    return this.index !== null;
  }

  start(index) {
    this.go(index);
    if (this.on) this.playback.play();
  }

  stop() {
    if (!this.on) return;
    this.index = null;
    this.playback.pause();
    this.acts.ended();
  }

  go(index) {
    const border = this.acts.borders()[index];
    if (border === undefined) {
      this.stop();
      return;
    }
    this.index = index;
    this.until = border + this.after;
    this.playback.time = border - this.before;
    this.acts.reached(index);
  }

  /** Called whenever the playhead moves. */
  passed(time) {
    if (this.on && this.playback.playing && time >= this.until) this.go(this.index + 1);
  }
}
