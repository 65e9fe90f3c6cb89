/** IDs as a person may shorten them: any beginning that only one has. */
import { usage } from './exit.ts'
import { oneLine } from './terminal/text.ts'

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

/** A queued call's short name, `1.136`: its segment's number and its place in that; null for other IDs. */
function nickname(id: string): string | null {
  const [, segment, offset, sub] = /^0*(\d+)-[a-z0-9-]+\.(\d+)\.(\d+)$/.exec(id) ?? []
  if (segment === undefined || offset === undefined) return null
  return sub === '0' ? `${segment}.${offset}` : `${segment}.${offset}.${sub}`
}

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
  if (known.some(({ id }) => id === given)) return given
  const called = known.filter(({ id }) => nickname(id) === given)
  if (called.length > 0) return onlyOne(given, called)
  const begin = given.toLowerCase()
  if (given.length < LEAST) {
    // of other IDs it may be the whole of one that is gone
    demandMore(
      given,
      known.filter(({ id }) => isWhole(id) && id.toLowerCase().startsWith(begin)),
    )
    return given
  }
  const starting = known.filter(({ id }) => mayBeShortened(id) && id.toLowerCase().startsWith(begin))
  // a whole part goes before a part of a part: 00000001 is not 000000012
  const parts = starting.filter(({ id }) => /[-.]/.test(id.charAt(given.length)))
  const fitting = parts.length > 0 ? parts : starting
  return fitting.length === 0 ? given : onlyOne(given, fitting)
}

/** Throws wrong usage where it begins any: so short, it says too little also where it begins one only. */
function demandMore(given: string, candidates: readonly Named[]): void {
  if (candidates.length === 0) return
  const what = candidates.length === 1 ? 'this one' : `these ${candidates.length}`
  throw usage(
    [`${given} begins ${what}; name more of it, ${LEAST} characters at least:`, ...rowsOf(candidates)].join(
      '\n',
    ),
  )
}

function rowsOf(candidates: readonly Named[]): readonly string[] {
  const named = candidates.slice(0, MOST_NAMED).map(({ id, text }) => oneLine(`  ${id}  ${text}`))
  return candidates.length > MOST_NAMED ? [...named, `  and ${candidates.length - MOST_NAMED} more`] : named
}

/** The ID of the one candidate. Throws wrong usage that names them where there are more. */
function onlyOne(given: string, candidates: readonly Named[]): string {
  const [one, ...others] = candidates
  if (one !== undefined && others.length === 0) return one.id
  throw usage([`${given} may be any of these; name more of it:`, ...rowsOf(candidates)].join('\n'))
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
  return [...id.matchAll(/[-.]/g)].map(({ index }) => index).filter((at) => at >= SHOWN)
}

/** A short name of each ID that no other of them has: a call's nickname, or the shortest beginning. */
export function shortIds(ids: readonly string[]): (id: string) => string {
  const all = [...new Set(ids)]
  const namesOf = (id: string): readonly string[] => [
    ...[nickname(id)].filter((name) => name !== null),
    ...cutsOf(id).map((cut) => id.slice(0, cut)),
  ]
  const taken = new Map<string, number>()
  for (const id of all) for (const name of namesOf(id)) taken.set(name, (taken.get(name) ?? 0) + 1)
  const short = new Map(all.map((id) => [id, namesOf(id).find((name) => taken.get(name) === 1) ?? id]))
  return (id) => short.get(id) ?? id
}
