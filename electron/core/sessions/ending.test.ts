/** No sequence of hook calls, cut off anywhere, releases what a living session holds or leaves what an ended one held. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endSteps, leftOver, type EndFacts, type EndStep } from './ending.ts'
import { clearedBefore, foldRecord, type SessionFact, type SessionRecord } from './session-record.ts'

/** The disk and the API as these rules see them: records, queues in order, and who holds a lock. */
class World {
  now = 1_000_000
  readonly facts = new Map<string, SessionFact[]>()
  readonly queues = new Map<string, string[]>()
  readonly live = new Map<string, string>()

  records(): readonly SessionRecord[] {
    return [...this.facts].map(([id, facts]) => foldRecord(id, facts)).filter((r) => r !== null)
  }
  note(id: string, fact: SessionFact): void {
    this.facts.set(id, [...(this.facts.get(id) ?? []), fact])
  }
  end(): EndFacts {
    return {
      records: this.records(),
      now: this.now,
      isRunning: () => undefined,
      mayHoldCalls: (folder) => (this.queues.get(folder) ?? []).length > 0,
    }
  }
  /** Does the first `until` steps: then the hook was killed. */
  run(steps: readonly EndStep[], until = Infinity): void {
    for (const one of steps.slice(0, until)) {
      if (one.step === 'note') this.note(one.toolSession, { at: this.now, fact: one.fact })
      else this.push(one.folder, `release ${one.session}`)
    }
  }
  push(folder: string, line: string): void {
    this.queues.set(folder, [...(this.queues.get(folder) ?? []), line])
  }
  finish(): void {
    for (const { steps } of leftOver(this.end())) this.run(steps)
  }
}

const start = (world: World, id: string, folder: string, source: string): void => {
  const before = source === 'clear' ? clearedBefore(world.records(), folder, null)[0] : undefined
  if (before) world.note(before.toolSession, { at: world.now, fact: 'taken-up', by: id })
  const known = world.records().find((r) => r.toolSession === id)
  const session = before?.session ?? known?.session ?? `BOX/${id}`
  world.note(id, { at: world.now, fact: 'started', session, folder, process: null })
  for (const seen of before?.folders ?? []) world.note(id, { at: world.now, fact: 'seen', folder: seen })
  world.live.set(id, session)
}

type Act =
  | { readonly act: 'start'; readonly id: string; readonly folder: string }
  | { readonly act: 'claim'; readonly id: string; readonly folder: string }
  | { readonly act: 'end' | 'clear'; readonly id: string; readonly cut: number }
const id = fc.constantFrom('a', 'b', 'c')
const folder = fc.constantFrom('P', 'P/web')
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constant('start' as const), id, folder }),
  fc.record({ act: fc.constant('claim' as const), id, folder }),
  fc.record({
    act: fc.constantFrom('end' as const, 'clear' as const),
    id,
    cut: fc.integer({ min: 1, max: 4 }),
  }),
)

/** What a run of the queues in order leaves held: claims of sessions that nobody released behind them. */
function heldAfter(world: World): ReadonlySet<string> {
  const held = new Set<string>()
  for (const lines of world.queues.values())
    for (const line of lines) {
      const [what = '', session = ''] = line.split(' ')
      if (what === 'claim') held.add(session)
      else held.delete(session)
    }
  return held
}

describe('the end of sessions', () => {
  it('never releases a living one, never leaves one that ended, always whatever is cut off where', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 4, maxLength: 30, size: 'max' }), (acts) => {
        const world = new World()
        const ended = new Set<string>()
        let fresh = 0
        for (const one of acts) {
          world.now += 1000
          const session = world.live.get(one.id)
          if (one.act === 'start') {
            if (session === undefined) start(world, one.id, one.folder, 'startup')
            ended.delete(world.live.get(one.id) ?? '')
          } else if (session === undefined) continue
          else if (one.act === 'claim') {
            world.note(one.id, { at: world.now, fact: 'seen', folder: one.folder })
            world.push(one.folder, `claim ${session}`)
          } else {
            const record = world.records().find((r) => r.toolSession === one.id)
            const ending = { toolSession: one.id, session, folders: record?.folders ?? [] }
            const before = heldAfter(world)
            world.run(endSteps(world.end(), ending, one.act === 'clear' ? 'clear' : 'exit'), one.cut)
            world.live.delete(one.id)
            if (one.act === 'clear') start(world, `${one.id}${fresh++}`, record?.folders[0] ?? 'P', 'clear')
            else if (![...world.live.values()].includes(session)) ended.add(session)
            // nobody else's claim went
            for (const other of before) if (other !== session) expect(heldAfter(world)).toContain(other)
          }
        }
        world.now += 60_000
        world.finish()
        const held = heldAfter(world)
        for (const session of ended) expect(held).not.toContain(session)
        const released = [...world.queues.values()].flat().filter((line) => line.startsWith('release '))
        for (const session of world.live.values())
          if (!ended.has(session)) {
            const claims = [...world.queues.values()].flat().filter((line) => line === `claim ${session}`)
            if (claims.length > 0 && !released.includes(`release ${session}`)) expect(held).toContain(session)
          }
      }),
      { numRuns: 500 },
    )
  })

  it('two ended and nothing is left over twice', () => {
    const world = new World()
    start(world, 'a', 'P', 'startup')
    world.run(endSteps(world.end(), { toolSession: 'a', session: 'BOX/a', folders: ['P'] }, 'exit'), 1)
    world.finish()
    world.finish()
    expect(world.queues.get('P')).toEqual(['release BOX/a'])
  })

  it('a clear that is followed by a start is no end, one that is followed by nothing is (S2, S11)', () => {
    const world = new World()
    start(world, 'a', 'P', 'startup')
    start(world, 'b', 'P', 'startup')
    world.run(endSteps(world.end(), { toolSession: 'b', session: 'BOX/b', folders: ['P'] }, 'clear'))
    start(world, 'c', 'P', 'clear')
    expect(world.live.get('c')).toBe('BOX/b')
    world.now += 3_600_000
    world.finish()
    expect(world.queues.get('P')).toBeUndefined()

    world.run(endSteps(world.end(), { toolSession: 'a', session: 'BOX/a', folders: ['P'] }, 'clear'))
    world.finish()
    expect(world.queues.get('P')).toBeUndefined()
    world.now += 3_600_000
    world.finish()
    expect(world.queues.get('P')).toEqual(['release BOX/a'])
  })

  it('the release waits behind the own calls in every folder that it was seen in (S4)', () => {
    const world = new World()
    world.push('P', 'claim BOX/a')
    const steps = endSteps(
      world.end(),
      { toolSession: 'a', session: 'BOX/a', folders: ['P', 'P/web'] },
      'exit',
    )
    expect(steps).toEqual([
      { step: 'note', toolSession: 'a', fact: 'ending' },
      { step: 'queue-release', session: 'BOX/a', folder: 'P' },
      { step: 'note', toolSession: 'a', fact: 'ended' },
    ])
  })
})
