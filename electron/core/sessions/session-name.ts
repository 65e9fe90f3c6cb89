/** What a session of a tool is called: `MACHINE/<folder>-<8>`. */
import type { Keys } from '../ports.ts'

/** How much of the hash a name has: more only where another has the shorter one. */
const LENGTHS = [8, 16, 32]

/**
 * Characters that would make a name hard to type or to put in a query, and those that cannot be seen (the two joiners can), which
 * no command takes in a name; everything else stays as the folder has it.
 */
const AWKWARD = /(?:[\s/\\?#%&+"'<>`\p{Cc}\p{Cs}]|(?![\u200c\u200d])\p{Cf})+/gu

const folderPart = (folder: string): string => folder.normalize('NFC').replace(AWKWARD, '-') || 'root'

/**
 * The name for a tool's session id. The last part comes from a hash of the whole id, so that ids that begin alike
 * (they are often times) do not make one name; `taken` says whether another id of this machine has a name already.
 */
export function nameSession(
  machine: string,
  folder: string,
  toolSession: string,
  keys: Keys,
  taken: (name: string) => boolean,
): string {
  const hash = keys.uuid5(`session ${toolSession}`).replaceAll('-', '')
  const name = (length?: number): string => `${machine}/${folderPart(folder)}-${hash.slice(0, length)}`
  const free = LENGTHS.map(name).find((one) => !taken(one))
  if (free !== undefined) return free
  // one conversation was cleared and gone back to again and again: those after it have all of these
  for (let n = 2; ; n++) if (!taken(`${name()}-${n}`)) return `${name()}-${n}`
}

/** A name that a person or an installation gave, with the machine before it where it has none. */
export const pinnedName = (machine: string, given: string): string =>
  given.includes('/') ? given : `${machine}/${given}`

/** One session or two: names are compared as written, machines without regard to case. */
export function isSameSession(a: string, b: string): boolean {
  if (a === b) return true
  const [x, y] = [a.indexOf('/'), b.indexOf('/')]
  return (
    x === y &&
    x > 0 &&
    a.slice(x) === b.slice(y) &&
    a.slice(0, x).toLowerCase() === b.slice(0, y).toLowerCase()
  )
}
