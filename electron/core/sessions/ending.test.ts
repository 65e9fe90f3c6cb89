/** The end of a session, one rule a test; all of them together are in session-life.test.ts. */
import { describe, expect, it } from 'vitest'
import { endSteps, leaving, leftOver, type EndFacts, type EndStep } from './ending.ts'
import {
  clearedBefore,
  foldRecord,
  isAlive,
  sessionOf,
  type SessionFact,
  type SessionRecord,
} from './session-record.ts'
import { startSteps } from './starting.ts'

/** The disk and the API as these rules see them: records, queues in order, and who holds a lock. */
class World {
  now = 1_000_000
  readonly facts = new Map<string, SessionFact[]>()
  readonly queues = new Map<string | null, string[]>()
  readonly gone = new Set<string>()
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
      isThere: (folder) => !this.gone.has(folder),
    }
  }
  /** Does the first `until` steps: then the hook was killed. */
  run(steps: readonly EndStep[], until = Infinity): void {
    for (const one of steps.slice(0, until)) {
      if (one.step === 'note') this.note(one.toolSession, { at: this.now, fact: one.fact })
      else this.push(one.folder, `release ${one.session}`)
    }
  }
  push(folder: string | null, line: string): void {
    this.queues.set(folder, [...(this.queues.get(folder) ?? []), line])
  }
  finish(): void {
    for (const { steps } of leftOver(this.end())) this.run(steps)
  }
}

const start = (world: World, id: string, folder: string, source: string): void => {
  const before =
    source === 'clear'
      ? (clearedBefore(world.records(), { folder, process: null, pinned: null })[0] ?? null)
      : null
  const known = world.records().find((r) => r.toolSession === id)
  const session = before?.session ?? known?.session ?? `BOX/${id}`
  for (const step of startSteps({ toolSession: id, session, folder, process: null }, before, world.now))
    for (const fact of step.facts) world.note(step.toolSession, fact)
  world.live.set(id, session)
}

describe('the end of sessions', () => {
  it('two ended and nothing is left over twice', () => {
    const world = new World()
    start(world, 'a', 'P', 'startup')
    world.run(endSteps(world.end(), { toolSession: 'a', session: 'BOX/a', folders: ['P'] }, 'exit'), 1)
    world.finish()
    world.finish()
    expect(world.queues.get('P')).toEqual(['release BOX/a'])
  })

  it('a clear that is followed by a start is no end, one that is followed by nothing is (S2: guessing instead of recording; S11)', () => {
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

  it('the release waits behind the own calls in every folder that it was seen in (S4: the folder of the moment)', () => {
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
  it('and behind those of all that had the name, also of one that came back under another (S4)', () => {
    const world = new World()
    start(world, 'a', 'P', 'startup')
    world.note('b', { at: 1, fact: 'started', session: 'BOX/a', folder: 'W', process: null })
    world.note('b', { at: 2, fact: 'started', session: 'BOX/b', folder: 'W', process: null })
    world.push('P', 'claim BOX/a')
    world.push('W', 'claim BOX/a')
    world.run(endSteps(world.end(), { toolSession: 'a', session: 'BOX/a', folders: ['P'] }, 'exit'))
    expect(world.queues.get('W')?.at(-1)).toBe('release BOX/a')
    expect(world.queues.get('P')?.at(-1)).toBe('release BOX/a')
  })

  it('every name that it had is released, that of another living one not (a name that changes in the middle)', () => {
    const world = new World()
    const named = (id: string, session: string): void => {
      world.note(id, { at: 1, fact: 'started', session, folder: 'P', process: null })
    }
    for (const session of ['BOX/a', 'BOX/b', 'BOX/pin']) named('a', session)
    named('b', 'BOX/b')
    const ending = { toolSession: 'a', session: 'BOX/pin', folders: ['P'] }
    world.run(endSteps(world.end(), ending, 'exit'), 1)
    world.finish()
    expect(world.queues.get('P')).toEqual(['release BOX/pin', 'release BOX/a'])
  })
  it('a clear of one that is over says nothing of its name: its start since left no word (a name that another has by now)', () => {
    const world = new World()
    const ending = { toolSession: 'a', session: 'BOX/a', folders: ['P'] }
    expect(endSteps(world.end(), ending, 'clear')).toEqual([])
    start(world, 'a', 'P', 'startup')
    world.run(endSteps(world.end(), ending, 'exit'))
    expect(endSteps(world.end(), ending, 'clear')).toEqual([])
  })

  it('a folder that is gone does not come back for a release: the next one takes it, or the app itself (S4)', () => {
    const world = new World()
    const ending = { toolSession: 'a', session: 'BOX/a', folders: ['W', 'P'] }
    world.gone.add('W')
    world.run(endSteps(world.end(), ending, 'exit'))
    expect(world.queues).toEqual(new Map([['P', ['release BOX/a']]]))
    world.gone.add('P')
    world.run(endSteps(world.end(), ending, 'exit'))
    expect(world.queues.get(null)).toEqual(['release BOX/a'])
  })
})

describe('one session in two terminals (it was resumed in a second one): it ends with the last of them', () => {
  const A = { pid: 1, start: 'a' }
  const B = { pid: 2, start: 'b' }
  type Act =
    | readonly ['start' | 'left' | 'switch', string, typeof A]
    | readonly ['end' | 'clear', string, typeof A]
    | readonly ['dies', typeof A]
  /** Plays the acts, and says what is released, by the number of the act. */
  function released(acts: readonly Act[]): readonly string[] {
    const world = new World()
    const dead = new Set<typeof A>()
    const found: string[] = []
    const facts = (): EndFacts => ({
      ...world.end(),
      isRunning: (one) => ![...dead].some((d) => d.pid === one.pid),
    })
    for (const [i, act] of acts.entries()) {
      world.now += 1000
      if (act[0] === 'dies') {
        dead.add(act[1])
        continue
      }
      const [what, id, process] = act
      const session = `BOX/${id}`
      if (what === 'start') world.note(id, { at: world.now, fact: 'started', session, folder: 'P', process })
      if (what === 'left') world.note(id, { at: world.now, fact: 'left', process, isOver: true })
      if (what === 'switch') world.note(id, { at: world.now, fact: 'left', process })
      if (what !== 'end' && what !== 'clear') continue
      const record = world.records().find((one) => one.toolSession === id)
      const fact = record && leaving(record, process, what, facts())
      if (fact) world.note(id, fact)
      const steps = endSteps(facts(), { toolSession: id, session, folders: ['P'], process }, what)
      if (what === 'clear' && steps.length > 0) found.push(`${i} cleared`)
      for (const step of steps) if (step.step === 'queue-release') found.push(`${i} ${step.session}`)
      world.run(steps)
    }
    return found
  }
  it.each<[string, readonly Act[], readonly string[]]>([
    [
      'the second ends first',
      [
        ['start', 's', A],
        ['start', 's', B],
        ['end', 's', B],
        ['end', 's', A],
      ],
      ['3 BOX/s'],
    ],
    [
      'the first ends first',
      [
        ['start', 's', A],
        ['start', 's', B],
        ['end', 's', A],
        ['end', 's', B],
      ],
      ['3 BOX/s'],
    ],
    [
      'the other was killed',
      [
        ['start', 's', A],
        ['start', 's', B],
        ['dies', A],
        ['end', 's', B],
      ],
      ['3 BOX/s'],
    ],
    [
      'the other is at another session by now',
      [
        ['start', 's', A],
        ['switch', 's', A],
        ['start', 's', B],
        ['end', 's', B],
      ],
      ['3 BOX/s'],
    ],
    [
      'a clear of the one takes no name from the other',
      [
        ['start', 's', A],
        ['start', 's', B],
        ['clear', 's', A],
        ['end', 's', B],
      ],
      ['3 BOX/s'],
    ],
    [
      'a clear behind one that left goes on',
      [
        ['start', 's', A],
        ['start', 's', B],
        ['left', 's', B],
        ['clear', 's', A],
      ],
      ['3 cleared'],
    ],
    [
      'both at once: each says first that it goes',
      [
        ['start', 's', A],
        ['start', 's', B],
        ['left', 's', A],
        ['end', 's', B],
      ],
      ['3 BOX/s'],
    ],
  ])('%s', (_name, acts, expected) => {
    expect(released(acts)).toEqual(expected)
  })
  it('it is alive as long as one of them runs, and the tools of each act as it', () => {
    const facts: SessionFact[] = [A, B].map((process, i) => ({
      at: i,
      fact: 'started',
      session: 'BOX/s',
      folder: 'P',
      process,
    }))
    const record = foldRecord('s', facts)
    if (!record) throw new Error('no record')
    const alive = (pids: readonly number[]): boolean => isAlive(record, 2, ({ pid }) => pids.includes(pid))
    expect([alive([1]), alive([2]), alive([])]).toEqual([true, true, false])
    expect([A, B, { pid: 3, start: 'c' }].map((tool) => sessionOf([record], tool)?.toolSession)).toEqual([
      's',
      's',
      undefined,
    ])
  })
})
