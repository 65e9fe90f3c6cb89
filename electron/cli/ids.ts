/** IDs as a person may shorten them: any beginning that only one has. */
import { usage } from './exit.ts'

/** Something that has an ID, and what a person knows it by. */
export interface Named {
  readonly id: string
  readonly text: string
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const CALL = /^\d{8,}-[a-z0-9-]+\.\d+\.\d+$/
/** A shorter beginning says too little to act on. */
const LEAST = 4
const SHOWN = 8
const MOST_NAMED = 10

/** Nothing need be looked up for it. */
export const isWhole = (id: string): boolean => UUID.test(id) || CALL.test(id)

/** Looks like the beginning of an ID, and cannot be the whole of one. */
export const isShortened = (id: string): boolean =>
  id.length >= LEAST && id.length < 36 && /^[0-9a-f]{1,8}(-[0-9a-f-]*)?$/i.test(id) && /[a-f-]/i.test(id)

/** A number is the whole name of what has it; its beginning names something else. */
const mayBeShortened = (id: string): boolean => !/^\d+$/.test(id)

/**
 * The ID that is meant: itself where it is one or begins none, else the one that begins so. Throws wrong usage, with the
 * candidates, where several do.
 */
export function resolveId(given: string, known: readonly Named[]): string {
  if (known.some(({ id }) => id === given) || given.length < LEAST) return given
  const begin = given.toLowerCase()
  const starting = known.filter(({ id }) => mayBeShortened(id) && id.toLowerCase().startsWith(begin))
  // a whole part goes before a part of a part: 00000001 is not 000000012
  const parts = starting.filter(({ id }) => /[-.]/.test(id.charAt(given.length)))
  const [one, ...others] = parts.length > 0 ? parts : starting
  if (one === undefined) return given
  if (others.length === 0) return one.id
  const all = [one, ...others]
  const named = all.slice(0, MOST_NAMED).map(({ id, text }) => `  ${id}  ${text}`)
  const more = all.length > MOST_NAMED ? [`  and ${all.length - MOST_NAMED} more`] : []
  throw usage([`${given} may be any of these; name more of it:`, ...named, ...more].join('\n'))
}

/** Each as `resolveId`; the list is asked for only where one may be shortened. */
export async function resolveIds(
  given: readonly string[],
  list: () => Promise<readonly Named[]>,
): Promise<readonly string[]> {
  if (given.every(isWhole)) return given
  const known = await list()
  return given.map((id) => (isWhole(id) ? id : resolveId(id, known)))
}

/** Where an ID may be cut: behind its first eight characters, and behind each part after that. */
function cutsOf(id: string): readonly number[] {
  if (!isWhole(id)) return []
  const parts = [...id.matchAll(/[-.]/g)].map(({ index }) => index).filter((at) => at >= SHOWN)
  return parts
}

/** The shortest beginning of each ID that no other of them has. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  const all = [...new Set(ids)]
  const short = new Map<string, string>()
  const begins = new Map<string, number>()
  for (const id of all)
    for (const cut of cutsOf(id)) {
      const begin = id.slice(0, cut)
      begins.set(begin, (begins.get(begin) ?? 0) + 1)
    }
  for (const id of all) {
    const cut = cutsOf(id).find((at) => begins.get(id.slice(0, at)) === 1)
    short.set(id, cut === undefined ? id : id.slice(0, cut))
  }
  return (id) => short.get(id) ?? id
}
