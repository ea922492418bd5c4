// Where the parts of a proposal stand in the text that it leads to.

/** As the server sends it: a range of the text before, and what takes its place. */
export interface Hunk {
  start: { line: number; character: number };
  end: { line: number; character: number };
  text: string;
}

/** Return the number of the part at a line of the text after, or the nearest; -1 where there is none. */
export function partAt(hunks: readonly Hunk[], line: number): number {
  let shift = 0;
  let best = -1;
  let distance = Infinity;
  hunks.forEach((hunk, number) => {
    const added = hunk.text.split('\n').length - 1;
    const first = hunk.start.line + shift;
    const last = first + added;
    const away = line < first ? first - line : line > last ? line - last : 0;
    if (away < distance) {
      [best, distance] = [number, away];
    }
    shift += added - (hunk.end.line - hunk.start.line);
  });
  return best;
}
