/** The last witness of a torture round: what our own API has in its database in the end, beside what arrived there. */
import { DatabaseSync } from 'node:sqlite'
import type { Placed } from './segments.ts'

interface Faults {
  readonly lost: number
  readonly doubled: number
}

/** Effects that are missing, and those beyond the first of a call. `arrived`: the names of the calls that did. */
export function faultsOfEffects(
  file: string,
  places: readonly Placed[],
  arrived: ReadonlySet<string>,
  problems: string[],
): Faults {
  const { rows, components } = effectsOf(file)
  const named = faultsOfNamed(rows, places, arrived, problems)
  const alike = faultsOfAlike(rows, places, problems)
  return {
    lost: named.lost + alike.lost + lostLastWords(components, places, problems),
    doubled: named.doubled + alike.doubled,
  }
}

/** Calls whose effect carries their own name. */
function faultsOfNamed(
  rows: ReadonlyMap<string, number>,
  places: readonly Placed[],
  arrived: ReadonlySet<string>,
  problems: string[],
): Faults {
  let [lost, doubled] = [0, 0]
  for (const p of places) {
    if (p.table === 'components' || p.table === 'alike') continue
    const n = rows.get(p.name) ?? 0
    if (p.table !== 'none' && n === 0 && arrived.has(p.name)) {
      lost++
      problems.push(`lost: ${p.name} arrived and left no effect`)
    } else if (n > 1) {
      doubled += n - 1
      problems.push(`doubled: ${p.name} has ${n} effects`)
    }
  }
  return { lost, doubled }
}

/** A writer's calls that are all alike: only their number can be told. */
function faultsOfAlike(
  rows: ReadonlyMap<string, number>,
  places: readonly Placed[],
  problems: string[],
): Faults {
  const alike = new Map<string, number>()
  for (const p of places)
    if (p.table === 'alike') alike.set(`alike ${p.writer}`, (alike.get(`alike ${p.writer}`) ?? 0) + 1)
  let [lost, doubled] = [0, 0]
  for (const [subject, n] of alike) {
    const has = rows.get(subject) ?? 0
    if (has === n) continue
    if (has > n) doubled += has - n
    else lost += n - has
    problems.push(`${has < n ? 'lost' : 'doubled'}: ${n} calls "${subject}" have ${has} effects`)
  }
  return { lost, doubled }
}

/** Each component is written by one writer only, so its last call in file order has the last word. */
function lostLastWords(
  components: ReadonlyMap<string, string>,
  places: readonly Placed[],
  problems: string[],
): number {
  const newest = new Map<string, Placed>()
  for (const p of places)
    if (p.table === 'components' && (newest.get(p.of)?.number ?? -1) < p.number) newest.set(p.of, p)
  let lost = 0
  for (const [component, p] of newest) {
    if (components.get(component) === p.name) continue
    lost++
    problems.push(
      `lost: ${component} is ${components.get(component) ?? 'not there'}, and ought to be ${p.name}`,
    )
  }
  return lost
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
