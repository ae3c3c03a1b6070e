// How high each row of a long list is, known or guessed, and which row lies at which height. Pure.

export class RowHeights {
  /** @param {number} count @param {(row: number) => number} guess in pixels */
  constructor(count, guess) {
    this.count = count;
    this.guess = guess;
    this.reset();
  }

  /** After a change of the page's width: every height is guessed anew. */
  reset() {
    this.heights = Float64Array.from({ length: this.count }, (_, row) => this.guess(row));
    this.tops = new Float64Array(this.count + 1);
    this.stale = 0;
  }

  /** More rows at the end. */
  grow(count) {
    const { heights, tops, count: before } = this;
    this.count = count;
    this.heights = Float64Array.from({ length: count }, (_, row) => (row < before ? heights[row] : this.guess(row)));
    this.tops = new Float64Array(count + 1);
    this.tops.set(tops.subarray(0, before + 1));
    this.stale = Math.min(this.stale, before);
  }

  set(row, height) {
    if (Math.abs(this.heights[row] - height) < 0.5) return false;
    this.heights[row] = height;
    this.stale = Math.min(this.stale, row);
    return true;
  }

  /** Where a row begins; of `count`, where the list ends. */
  top(row) {
    for (; this.stale < this.count; this.stale += 1) {
      this.tops[this.stale + 1] = this.tops[this.stale] + this.heights[this.stale];
    }
    return this.tops[row];
  }

  /** The row at a height. */
  at(height) {
    this.top(0);
    let low = 0;
    let high = this.count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= height) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
