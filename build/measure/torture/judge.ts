/**
 * Says what a round lost, doubled or turned round, from three witnesses that are not the product: the bytes of the segments, the
 * keys as they arrived at the API, and what the API has in the end.
 */
import type { ApiKind } from './api.ts'
import { faultsOfEffects } from './effects.ts'
import { outOfOrder } from './order.ts'
import { placesOf, type Placed } from './segments.ts'

export interface Verdict {
  readonly calls: number
  readonly arrivals: number
  /** Calls that never arrived, or whose effect is missing. */
  readonly lost: number
  /** Arrivals beyond the first of a call. */
  readonly repeats: number
  /** Effects beyond the first of a call, where keys are honoured. */
  readonly doubled: number
  readonly outOfOrder: number
  readonly problems: readonly string[]
}

export function judge(of: {
  readonly names: ReadonlySet<string>
  readonly dir: string
  /** What arrived, as keys in order; and the file that holds its effects. */
  readonly api: { readonly arrivals: readonly string[]; readonly kind: ApiKind; readonly file: string }
  readonly isStrict: boolean
  /** Intents went ahead, to an API that honours keys: only the first arrival of a call can have an effect. */
  readonly isAhead?: boolean
}): Verdict {
  const problems: string[] = []
  const places = placesOf(of.dir, problems)
  const inFiles = countByName(places.values())
  for (const [name, n] of inFiles) if (n > 1) problems.push(`${name} stands in the segments ${n} times`)
  const arrived = placedArrivals(of.api.arrivals, places, problems)
  const firsts = new Set(arrived.map((p) => p.name))
  const neverArrived = lostOnTheWay(of.names, firsts, inFiles, problems)
  const faults =
    of.api.kind === 'ours'
      ? faultsOfEffects(of.api.file, [...places.values()], firsts, problems)
      : { lost: 0, doubled: 0 }
  return {
    calls: of.names.size,
    arrivals: arrived.length,
    lost: neverArrived + faults.lost,
    repeats: arrived.length - firsts.size,
    doubled: faults.doubled,
    outOfOrder: outOfOrder(of.isAhead === true ? [...new Set(arrived)] : arrived, of.isStrict, problems),
    problems,
  }
}

function countByName(places: Iterable<Placed>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const p of places) counts.set(p.name, (counts.get(p.name) ?? 0) + 1)
  return counts
}

/** The arrivals in order, each with the place of its line. */
function placedArrivals(
  keys: readonly string[],
  places: ReadonlyMap<string, Placed>,
  problems: string[],
): Placed[] {
  const arrived: Placed[] = []
  for (const key of keys) {
    const place = places.get(key)
    if (place) arrived.push(place)
    else problems.push(`an arrival under an unknown key: ${key}`)
  }
  return arrived
}

/** How many calls never arrived. */
function lostOnTheWay(
  names: ReadonlySet<string>,
  arrived: ReadonlySet<string>,
  inFiles: ReadonlyMap<string, number>,
  problems: string[],
): number {
  let lost = 0
  for (const name of names) {
    if (arrived.has(name)) continue
    lost++
    problems.push(`lost: ${name} ${inFiles.has(name) ? 'was claimed and never arrived' : 'is in no segment'}`)
  }
  return lost
}
