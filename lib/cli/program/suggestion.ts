/** Further apart than this, two words are no slip of the same. */
const DISTANCE_MAX = 2;

/** The edits between two words: a letter more, less or another one. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [at, letter] of [...a].entries()) {
    const next = [at + 1];
    for (const [column, other] of [...b].entries()) {
      next.push(Math.min(next[column]! + 1, row[column + 1]! + 1, row[column]! + (letter === other ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1)!;
}

/** What was probably meant, or `null`: the nearest of the names, be it one that begins like the word. */
export function suggest(word: string, names: readonly string[]): string | null {
  const near = names
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits)[0];
  if (near !== undefined && near.edits <= Math.min(DISTANCE_MAX, Math.floor(near.name.length / 2))) return near.name;
  const begun = names.filter((name) => word.length >= 3 && name.startsWith(word));
  return begun.length === 1 ? begun[0]! : null;
}
