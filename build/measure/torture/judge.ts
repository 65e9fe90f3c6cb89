/**
 * Says what a round lost, doubled or turned round, from three witnesses that are not the product: the bytes of the segments, the
 * keys as they arrived at the API, and what the API has in the end.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemKeys } from '../../../electron/adapters/system.ts'
import type { ApiKind } from './api.ts'
import { tell, type Told } from './calls.ts'

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

interface Placed extends Told {
  readonly segment: string
  readonly offset: number
}

/** Every line of the segments with its place and key: cut by newlines alone, the product's own scanner is not asked. */
function placesOf(dir: string, problems: string[]): Map<string, Placed> {
  const byKey = new Map<string, Placed>()
  for (const file of readdirSync(dir).sort()) {
    if (!file.endsWith('.seg')) continue
    const segment = file.slice(0, -'.seg'.length)
    const bytes = readFileSync(join(dir, file))
    for (let offset = 0; offset < bytes.length;) {
      const end = bytes.indexOf(0x0a, offset)
      if (end < 0) {
        problems.push(`${file} ends in half a line at ${offset}`)
        break
      }
      try {
        const told = tell(bytes.toString('utf8', offset, end))
        byKey.set(systemKeys.uuid5(`${segment}/${offset}/0`), { ...told, segment, offset })
      } catch {
        problems.push(`${file} holds a torn line at ${offset}`)
      }
      offset = end + 1
    }
  }
  return byKey
}

/**
 * Out of order is an arrival, first or repeated, behind one that stands later in the same segment, or was written later by the same
 * writer; with lanes only where both share a lane or one of them is a barrier.
 */
function outOfOrder(arrived: readonly Placed[], isStrict: boolean, problems: string[]): number {
  let wrong = 0
  const check = (of: (p: Placed) => string, at: (p: Placed) => number, barriers: boolean): void => {
    const marks = new Map<string, number>()
    const behind = (key: string, p: Placed): boolean => (marks.get(key) ?? -1) > at(p)
    const mark = (key: string, p: Placed): void => void marks.set(key, Math.max(marks.get(key) ?? -1, at(p)))
    for (const p of arrived) {
      const group = of(p)
      const isBarrier = p.lane === 'barrier'
      const isWrong =
        isStrict || (isBarrier && barriers)
          ? behind(group, p)
          : behind(`${group} ${p.lane}`, p) || (barriers && behind(`${group} barrier`, p))
      if (isWrong) {
        wrong++
        problems.push(`out of order: ${p.name} (${p.lane}) at ${p.segment}/${p.offset}`)
      }
      mark(group, p)
      mark(`${group} ${p.lane}`, p)
    }
  }
  check(
    (p) => p.segment,
    (p) => p.offset,
    true,
  )
  check(
    (p) => p.writer,
    (p) => p.number,
    true,
  )
  return wrong
}

/** How often each call's effect is in our own API's database, by name; a component only has its newest state. */
function effectsOf(file: string): { rows: Map<string, number>; components: Map<string, string> } {
  const db = new DatabaseSync(file, { readOnly: true })
  const rows = new Map<string, number>()
  for (const sql of [
    'SELECT subject AS name FROM messages',
    'SELECT title AS name FROM work_items',
    'SELECT name FROM workflows',
    'SELECT resource AS name FROM locks',
  ])
    for (const { name } of db.prepare(sql).all() as { name: string }[])
      rows.set(name, (rows.get(name) ?? 0) + 1)
  const components = new Map(
    (
      db.prepare('SELECT component, state FROM components').all() as { component: string; state: string }[]
    ).map((c) => [c.component, c.state]),
  )
  db.close()
  return { rows, components }
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
  const inFiles = new Map<string, number>()
  for (const p of places.values()) inFiles.set(p.name, (inFiles.get(p.name) ?? 0) + 1)
  for (const [name, n] of inFiles) if (n > 1) problems.push(`${name} stands in the segments ${n} times`)

  const arrived: Placed[] = []
  for (const key of of.api.arrivals) {
    const place = places.get(key)
    if (place) arrived.push(place)
    else problems.push(`an arrival under an unknown key: ${key}`)
  }
  const firsts = new Set(arrived.map((p) => p.name))
  let lost = 0
  for (const name of of.names) {
    if (firsts.has(name)) continue
    lost++
    problems.push(`lost: ${name} ${inFiles.has(name) ? 'was claimed and never arrived' : 'is in no segment'}`)
  }

  let doubled = 0
  if (of.api.kind === 'ours') {
    const { rows, components } = effectsOf(of.api.file)
    const newest = new Map<string, Placed>()
    const alike = new Map<string, number>()
    for (const p of places.values()) {
      const n = rows.get(p.name) ?? 0
      if (p.table === 'components') {
        if ((newest.get(p.of)?.number ?? -1) < p.number) newest.set(p.of, p)
      } else if (p.table === 'alike')
        alike.set(`alike ${p.writer}`, (alike.get(`alike ${p.writer}`) ?? 0) + 1)
      else if (p.table !== 'none' && n === 0 && firsts.has(p.name)) {
        lost++
        problems.push(`lost: ${p.name} arrived and left no effect`)
      } else if (n > 1) {
        doubled += n - 1
        problems.push(`doubled: ${p.name} has ${n} effects`)
      }
    }
    for (const [subject, n] of alike) {
      const has = rows.get(subject) ?? 0
      if (has === n) continue
      if (has > n) doubled += has - n
      else lost += n - has
      problems.push(`${has < n ? 'lost' : 'doubled'}: ${n} calls "${subject}" have ${has} effects`)
    }
    // each component is written by one writer only, so its last call in file order has the last word
    for (const [component, p] of newest) {
      if (components.get(component) === p.name) continue
      lost++
      problems.push(
        `lost: ${component} is ${components.get(component) ?? 'not there'}, and ought to be ${p.name}`,
      )
    }
  }
  return {
    calls: of.names.size,
    arrivals: arrived.length,
    lost,
    repeats: arrived.length - firsts.size,
    doubled,
    outOfOrder: outOfOrder(of.isAhead === true ? [...new Set(arrived)] : arrived, of.isStrict, problems),
    problems,
  }
}
