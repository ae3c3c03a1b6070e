// Times and places as people read and say them. Pure.

/** `00:03:21` of seconds; `word 1,204` of a text without times. */
export function spoken(start, unit) {
  return unit === "words" ? `word ${Math.floor(start).toLocaleString("en")}` : clock(start);
}

export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (number) => String(number).padStart(2, "0");
  return `${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** Seconds of `1:02:03`, `2:03`, `90` or `word 1,204`; null of anything else. */
export function readPlace(text) {
  const plain = text.trim().replace(/^word\s+/i, "").replaceAll(",", "");
  const match = /^(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d+)(?:\.\d+)?$/.exec(plain);
  if (!match) return null;
  return Number(match[1] ?? 0) * 3600 + Number(match[2] ?? 0) * 60 + Number(match[3]);
}

/** `3 min`, `1 h 20 min`. */
export function roughly(seconds) {
  const minutes = Math.max(1, Math.round(seconds / 60));
  const hours = Math.floor(minutes / 60);
  if (!hours) return `${minutes} min`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}
