/**
 * Whether two resources of one project can mean the same thing. A resource is a name (`deploy`), a file from the top
 * of its work tree (`src/a.ts`), a folder with all beneath it (`src/`), or a pattern (`src/**`, `*.sql`).
 */

const WILD = /[*?]/
/** A pattern, a folder, or a path with empty or `.` parts, which has another spelling. */
const MORE_THAN_A_NAME = /[*?]|^\/|^\.\/|\/\/|\/\.\/|\/\.?$/
/** `git:main`: a name of its own kind, never a file that a pattern could match. */
const KIND = /^([a-z][a-z0-9+.-]*):/

/** Whether some sequence is matched by both; `isAny` items stand for any number of items, none included. */
function intersect<T>(
  a: readonly T[],
  b: readonly T[],
  isAny: (item: T) => boolean,
  isSame: (x: T, y: T) => boolean,
): boolean {
  // row i, column j: whether the rests a[i..] and b[j..] have a common match; only two rows are kept
  let below: boolean[] = []
  for (let i = a.length; i >= 0; i--) {
    const row: boolean[] = new Array<boolean>(b.length + 1).fill(false)
    for (let j = b.length; j >= 0; j--) {
      const x = a[i]
      const y = b[j]
      if (x === undefined && y === undefined) row[j] = true
      else if (x !== undefined && isAny(x))
        row[j] = (below[j] ?? false) || (y !== undefined && (row[j + 1] ?? false))
      else if (y !== undefined && isAny(y))
        row[j] = (row[j + 1] ?? false) || (x !== undefined && (below[j] ?? false))
      else row[j] = x !== undefined && y !== undefined && isSame(x, y) && (below[j + 1] ?? false)
    }
    below = row
  }
  return below[0] ?? false
}

const namesOverlap = (a: string, b: string): boolean =>
  a === b ||
  ((WILD.test(a) || WILD.test(b)) &&
    intersect(
      [...a],
      [...b],
      (c) => c === '*',
      (x, y) => x === y || x === '?' || y === '?',
    ))

/** The names of a path; a folder's last one is `**`, which also stands for the folder itself. */
function namesOf(resource: string): readonly string[] {
  const names = resource.split('/').filter((name) => name !== '' && name !== '.')
  return resource.endsWith('/') ? [...names, '**'] : names
}

/** Compares in NFC and with regard to case. Symmetric; every resource overlaps itself. */
export function resourcesOverlap(one: string, other: string): boolean {
  const a = one.normalize('NFC')
  const b = other.normalize('NFC')
  if (a === b) return true
  if (!MORE_THAN_A_NAME.test(a) && !MORE_THAN_A_NAME.test(b)) return false
  if (KIND.exec(a)?.[1] !== KIND.exec(b)?.[1]) return false
  return intersect(namesOf(a), namesOf(b), (name) => name === '**', namesOverlap)
}
