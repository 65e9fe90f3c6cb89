/**
 * The check of the check: the same enumeration, with one thing taken out between the outbox and the disk. Each must turn it
 * red; what could be left out unnoticed would be needless, or unguarded. COORD_LONG=1: all; otherwise those that are found
 * within a second.
 */
import { describe, expect, it } from 'vitest'
import { enumerate, type Found } from './testing/crash-run.ts'
import { scenarios } from './testing/crash-scenarios.ts'
import { CLAUDE, OUTBOX, type Mutant } from './testing/crash-stage.ts'
import type { FileSystem } from '../ports.ts'
import { ok } from '../../../shared/result.ts'
import { decodeLedger, encodeRecords } from './segments/ledger-format.ts'

/** Takes a sync out of one process's calls: `nth` counts those of the same name. */
const without = (is: (op: string, path: string, nth: number) => boolean): Mutant => ({ leavesOut: is })

/** The first and the second unlink of a pair change places. */
const swapped: Mutant = {
  wrap: (fs) => ({
    ...fs,
    unlink: (path) =>
      fs.unlink(path.endsWith('.seg') ? path.replace(/seg$/, 'led') : path.replace(/led$/, 'seg')),
  }),
}

const isIntent = (r: { readonly kind: string }): boolean => r.kind === 'intent'
const noIntents: Mutant = {
  wrap: (fs): FileSystem => ({
    ...fs,
    async openAppend(path) {
      const opened = await fs.openAppend(path)
      if (!opened.ok || !path.endsWith('.led')) return opened
      const file = opened.value
      return ok({
        ...file,
        append(bytes) {
          const records = decodeLedger(bytes).records.filter((r) => !isIntent(r))
          return records.length === 0 ? Promise.resolve(ok(null)) : file.append(encodeRecords(records))
        },
      })
    },
  }),
}

/** A ledger that is opened and synced without anything being added: what a process before this one wrote. */
const noSettling: Mutant = {
  wrap: (fs): FileSystem => ({
    ...fs,
    async openAppend(path) {
      const opened = await fs.openAppend(path)
      if (!opened.ok || !path.endsWith('.led')) return opened
      const file = opened.value
      let hasAdded = false
      return ok({
        ...file,
        append(bytes) {
          hasAdded = true
          return file.append(bytes)
        },
        sync: () => (hasAdded ? file.sync() : Promise.resolve(ok(null))),
      })
    },
  }),
}

const isSeg = (path: string): boolean => path.endsWith('.seg')
const isLed = (path: string): boolean => path.endsWith('.led')

const mutants: readonly [
  name: string,
  story: string,
  mutant: Mutant,
  only?: 'power' | undefined,
  from?: number,
][] = [
  [
    "the sync of a segment's bytes at the claim",
    'writers that do not sync',
    without((op, path, nth) => op === 'sync' && isSeg(path) && nth === 1),
    'power',
  ],
  [
    "the sync of a segment's bytes after a late line",
    'a late line of a writer that does not sync',
    without((op, path, nth) => op === 'sync' && isSeg(path) && nth > 1),
    'power',
  ],
  [
    'the sync of .coord-outbox at the claim',
    'claim and deliver',
    without((op, path, nth) => op === 'syncDir' && path === OUTBOX && nth === 1),
    'power',
  ],
  [
    'the sync of .claude at the claim',
    'claim and deliver',
    without((op, path) => op === 'syncDir' && path === CLAUDE),
    'power',
  ],
  [
    'the sync of the ledger at each commit',
    'claim and deliver',
    without((op, path) => op === 'sync' && isLed(path)),
    'power',
  ],
  [
    // one sync is for the names of a segment and of its ledger; the second in this story is crash recovery's
    'the sync of .coord-outbox at a later claim',
    'claim and deliver',
    without((op, path, nth) => op === 'syncDir' && path === OUTBOX && nth === 3),
    'power',
  ],
  [
    'the sync inside writeFile',
    'a ledger whose sync fails',
    without((op) => op === 'writeFile.sync'),
    'power',
  ],
  [
    'the sync of the folder inside writeFile',
    'a ledger whose sync fails',
    without((op) => op === 'writeFile.syncDir'),
    'power',
  ],
  [
    'the sync inside writeFile, of a segment that is sent again',
    'sent anyway while the API is away',
    without((op, path) => op === 'writeFile.sync' && isSeg(path)),
    'power',
    0.2,
  ],
  [
    'the sync of the folder inside writeFile, of a segment that is sent again',
    'sent anyway while the API is away',
    without((op) => op === 'writeFile.syncDir'),
    'power',
    0.2,
  ],
  [
    'the syncs of the folders when a guard is made',
    'the hard-link guard',
    without((op, path, nth) => op === 'syncDir' && (path === OUTBOX || path === CLAUDE) && nth === 1),
    'power',
  ],
  [
    'the sync of .coord-outbox after a guard became a segment',
    'the hard-link guard',
    without((op, path, nth) => op === 'syncDir' && path === OUTBOX && nth > 1),
    'power',
  ],
  [
    'the sync of .coord-outbox between the two unlinks',
    'retention',
    without((op, path, nth) => op === 'syncDir' && path === OUTBOX && nth > 2),
    'power',
  ],
  [
    'the sync of what a killed process had only written',
    'sent anyway while the API is away',
    noSettling,
    undefined,
    0.2,
  ],
]

/** A link is taken for the file that it leads to: where its name is asked for, and where it is opened. */
const noRealPath: Mutant = {
  wrap: (fs) => ({
    ...fs,
    realPath: async (path) => ((await fs.info(path)).ok ? ok(path) : fs.realPath(path)),
  }),
}
const opensLinks: Mutant = {
  wrap: (fs) => ({
    ...fs,
    async openAppend(path) {
      const real = await fs.realPath(path)
      return fs.openAppend(real.ok ? real.value : path)
    },
  }),
}

const isLong = process.env['COORD_LONG'] === '1'
const QUICK = [
  'the sync of .coord-outbox at the claim',
  "the sync of a segment's bytes at the claim",
  "the sync of a segment's bytes after a late line",
  'the sync of .claude at the claim',
  'the sync of the ledger at each commit',
  'the sync of the folder inside writeFile',
]

async function tried(
  story: string,
  mutant: Mutant,
  only?: 'power',
  from = 0,
  isAhead = false,
): Promise<Found> {
  const found: Found = { points: 0, broken: [] }
  const scenario = scenarios.find((s) => s.name.startsWith(story))
  if (!scenario) throw new Error(story)
  await enumerate(scenario, found, {
    mutant,
    seeds: 2,
    untilBroken: true,
    isAhead,
    from,
    ...(only ? { only } : {}),
  })
  return found
}

describe('the enumeration turns red', () => {
  it.each(isLong ? mutants : mutants.filter((m) => QUICK.includes(m[0])))(
    'without %s',
    async (_, story, mutant, only, from) => {
      const found = await tried(story, mutant, only, from)
      expect(found.broken.length, `${found.points} points, and nobody noticed`).toBeGreaterThan(0)
    },
  )
  it('with the two unlinks of the retention swapped', async () => {
    const found = await tried('retention', swapped, undefined, 0.3)
    expect(found.broken.length, `${found.points} points, and nobody noticed`).toBeGreaterThan(0)
  })
  it('without the sync of the ledger under intents that go ahead', async () => {
    const noSync = without((op, path) => op === 'sync' && isLed(path))
    const found = await tried('two states of a component', noSync, 'power', 0, true)
    expect(found.broken.length, `${found.points} points, and nobody noticed`).toBeGreaterThan(0)
  })
  it.each([
    ['the real path of a link', 'a symbolic link to a file outside', noRealPath],
    ['the refusal to add to a link', "a symbolic link to another workspace's queue", opensLinks],
  ])('without %s', async (_, story, mutant) => {
    const found = await tried(story, mutant)
    expect(found.broken.length, `${found.points} points, and nobody noticed`).toBeGreaterThan(0)
  })
  if (isLong)
    it('without the intents that go ahead', async () => {
      const found = await tried('two states of a component', noIntents, undefined, 0, true)
      expect(found.broken.length, `${found.points} points, and nobody noticed`).toBeGreaterThan(0)
    })
  if (isLong)
    it('without the intent record', async () => {
      const found = await tried('claim and deliver', noIntents)
      expect(found.broken.length, `${found.points} points, and nobody noticed`).toBeGreaterThan(0)
    })
})
