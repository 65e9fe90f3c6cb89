/** What somebody may have meant. */

/** Edits that make one word of the other: a letter more, less, another, or two in the wrong order. */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i])
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let j = 0; j <= b.length; j++) (rows[0] ?? [])[j] = j
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity
      ;(rows[i] ?? [])[j] = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
        swapped,
      )
    }
  return at(a.length, b.length)
}

/** The candidate that is at most three edits and less than half a word away; null where none is. */
export function closest(word: string, candidates: readonly string[]): string | null {
  if (word.length > 40) return null
  const near = candidates
    .map((name) => ({ name, edits: name.startsWith(word) ? 1 : distance(word, name) }))
    .filter(({ name, edits }) => edits <= 3 && edits < Math.max(word.length, name.length) / 2)
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.name ?? null
}
