// Where the parts of a proposal stand in the two texts of its diff.

/** As the server sends it: a range of the text before, and what takes its place. */
export interface Hunk {
  start: { line: number; character: number };
  end: { line: number; character: number };
  text: string;
}

/** The two halves of a diff. */
export type Half = 'before' | 'after';

/** Return the number of the part at a line of one of the texts, or the nearest; -1 where there is none. */
export function partAt(hunks: readonly Hunk[], line: number, half: Half): number {
  let shift = 0;
  let best = -1;
  let distance = Infinity;
  hunks.forEach((hunk, number) => {
    const removed = hunk.end.line - hunk.start.line;
    const added = hunk.text.split('\n').length - 1;
    const first = hunk.start.line + (half === 'after' ? shift : 0);
    // What ends where a line begins is not on that line.
    const whole = half === 'after' ? hunk.text.endsWith('\n') : hunk.end.character === 0;
    const last = Math.max(first, first + (half === 'after' ? added : removed) - (whole ? 1 : 0));
    const away = line < first ? first - line : line > last ? line - last : 0;
    if (away < distance) {
      [best, distance] = [number, away];
    }
    shift += added - removed;
  });
  return best;
}
