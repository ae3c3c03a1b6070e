// A thin picture of the whole talk: chapters as bands, pauses as ticks, what is in sight, and the playhead. Whoever
// can't see or drag it has the chapter list, and "go to a time".

const PAUSE_TICKS = 400; // the longest pauses; more of them would be a grey band

export class Timeline {
  constructor(canvas, item, model, acts) {
    this.canvas = canvas;
    this.item = item;
    this.model = model;
    this.at = 0;
    this.seen = [0, 0];
    this.selected = null;
    this.ticks = longestPauses(item.lines, model.pauses);
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
    const seek = (event) => {
      const box = canvas.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      acts.seek(share * item.duration);
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      seek(event);
    });
    canvas.addEventListener("pointermove", (event) => event.buttons && seek(event));
  }

  /** More lines have come. */
  grow() {
    this.ticks = longestPauses(this.item.lines, this.model.pauses);
    this.later();
  }

  later() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.draw();
    });
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = devicePixelRatio || 1;
    if (!width) return;
    if (this.canvas.width !== Math.round(width * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const colours = getComputedStyle(this.canvas);
    const colour = (name) => colours.getPropertyValue(name).trim();
    const paint = this.canvas.getContext("2d");
    paint.setTransform(scale, 0, 0, scale, 0, 0);
    paint.clearRect(0, 0, width, height);
    const x = (time) => (time / this.item.duration) * width;
    const { chapters } = this.model;
    chapters.forEach(({ id, line }, index) => {
      const begin = x(this.item.lines[line].start);
      const end = index + 1 < chapters.length ? x(this.item.lines[chapters[index + 1].line].start) : width;
      paint.fillStyle = colour(id === this.selected ? "--band-selected" : index % 2 ? "--band-odd" : "--band-even");
      paint.fillRect(begin, 4, end - begin, height - 12);
      paint.fillStyle = colour("--accent");
      paint.fillRect(begin, 2, 2, height - 6);
    });
    paint.fillStyle = colour("--line");
    for (const tick of this.ticks) paint.fillRect(x(tick), height - 7, 1, 5);
    paint.strokeStyle = colour("--quiet");
    paint.lineWidth = 1;
    paint.strokeRect(x(this.seen[0]) + 0.5, 1.5, Math.max(3, x(this.seen[1]) - x(this.seen[0])), height - 3);
    paint.fillStyle = colour("--focus");
    paint.fillRect(x(this.at) - 1, 0, 3, height);
  }
}

function longestPauses(lines, pauses) {
  const found = pauses.map((line) => [lines[line].start, lines[line].start - lines[line - 1].end]);
  found.sort((one, other) => other[1] - one[1]);
  return found.slice(0, PAUSE_TICKS).map(([start]) => start);
}
