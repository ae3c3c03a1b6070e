// Chapters that a stream's listeners are told while it runs, beside what a reviewer makes of them. Pure.

const SAME_PLACE = 10; // seconds: nearer than that, a border that is told is the one that a reviewer has set

/**
 * What a reviewer made of `before`, now that `now` is told: what they left as it was follows, and nothing that they
 * touched does, be it a title, a border, or one that they took out.
 * @param {{line: number, title: string}[]} mine
 * @param {{line: number, title: string}[]} before
 * @param {{line: number, title: string}[]} now
 * @param {{start: number}[]} lines
 * @param {?number} held the line of a chapter whose title is being typed
 */
export function followed(mine, before, now, lines, held = null) {
  const was = new Map(before.map(({ line, title }) => [line, title]));
  const is = new Map(now.map(({ line, title }) => [line, title]));
  const isTheirs = ({ line, title }) => line === held || was.get(line) !== title;
  const kept = mine
    .filter((chapter) => isTheirs(chapter) || is.has(chapter.line))
    .map((chapter) => (isTheirs(chapter) ? chapter : { ...chapter, title: is.get(chapter.line) }));
  const theirs = mine.filter(isTheirs).map(({ line }) => lines[line].start);
  const isFree = (start) => theirs.every((other) => Math.abs(other - start) >= SAME_PLACE);
  const come = now.filter(({ line }) => !was.has(line) && isFree(lines[line].start));
  return [...kept, ...come.filter(({ line }) => !kept.some((chapter) => chapter.line === line))]
    .sort((one, other) => one.line - other.line);
}

/** What is told after one more event of a stream: chapters as the record has them, in order. */
export function told(chapters, kind, { start, title, kind: what }) {
  const others = chapters.filter((chapter) => chapter.start !== start);
  if (kind === "revision" && what === "withdrawn") return others;
  return [...others, { start, title }].sort((one, other) => one.start - other.start);
}
