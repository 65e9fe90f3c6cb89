/**
 * No sequence of hook calls of any number of sessions, in any order, killed anywhere, releases what a living session holds or
 * leaves what an ended one held; with the API up and away, in several folders, in one terminal and in two, with and without a
 * table of processes.
 * Not held here: hooks that run at the same moment, a session that is gone back to after its clear and whose start is killed
 * before its first word, and an installation that gives a running session another name.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endSteps, foldersOf, isLeft, leaving, leftOver, type EndFacts, type EndStep } from './ending.ts'
import { clearedBefore, foldRecord, isOver, type SessionFact, type SessionRecord } from './session-record.ts'
import { startSteps } from './starting.ts'
import { nameAtEnd, nameAtStart, nameAtWork, type FoundSession, type Names } from './whose-name.ts'

const FOLDERS = ['P', 'P/web', 'P/.claude/worktrees/feat'] as const
type Place = string | null
/** A conversation from its start to its end, clears and switches included, as the tool has it. */
interface Life {
  /** As far as any hook could know. */
  since: number
  isRunning: boolean
}
interface Lock {
  readonly session: string
  readonly life: Life
}
type Line = { readonly claim: Lock } | { readonly release: string; readonly at: number }
/** One step of a hook; the hook may be killed before any of them. */
type Step = () => void

/** Disk, API and tools as the hooks see them. */
class World {
  now = 1_000_000
  isApiUp = true
  readonly facts = new Map<string, SessionFact[]>()
  readonly queues = new Map<Place, Line[]>()
  readonly taken = new Set<string>()
  /** What the API holds. */
  held: Lock[] = []
  /** By the tool's id of a session. */
  readonly lives = new Map<string, Life>()
  readonly faults: string[] = []
  readonly hasProcesses: boolean
  /** Processes of the tool that ended; 1 is a host of several sessions, and stays. */
  readonly dead = new Set<number>()
  pids = 1

  constructor(hasProcesses: boolean) {
    this.hasProcesses = hasProcesses
  }

  records(): readonly SessionRecord[] {
    return [...this.facts].map(([id, facts]) => foldRecord(id, facts)).filter((r) => r !== null)
  }
  record(id: string): SessionRecord | undefined {
    return this.records().find((r) => r.toolSession === id)
  }
  note(id: string, facts: readonly SessionFact[]): void {
    this.facts.set(id, [...(this.facts.get(id) ?? []), ...facts])
  }
  push(folder: Place, line: Line): void {
    this.queues.set(folder, [...(this.queues.get(folder) ?? []), line])
  }
  deliver(line: Line): void {
    if ('claim' in line) {
      this.held.push(line.claim)
      return
    }
    for (const { session, life } of this.held)
      // a release that waited when the session came back is none of it: where it waits in another folder's queue than the
      // start could flush, it costs the lock until the next edit claims it again
      if (session === line.release && life.isRunning && line.at > life.since)
        this.faults.push(`released ${session}`)
    this.held = this.held.filter((lock) => lock.session !== line.release)
  }
  flush(folders: readonly Place[]): void {
    if (!this.isApiUp) return
    for (const folder of folders) {
      const lines = this.queues.get(folder) ?? []
      this.queues.delete(folder)
      lines.forEach((line) => {
        this.deliver(line)
      })
    }
  }
  end(): EndFacts {
    return {
      records: this.records(),
      now: this.now,
      isRunning: ({ pid }) => (this.hasProcesses ? !this.dead.has(pid) : undefined),
      mayHoldCalls: (folder) => (this.queues.get(folder) ?? []).length > 0,
      isThere: () => true,
    }
  }
  endStep(one: EndStep): void {
    if (one.step === 'note') this.note(one.toolSession, [{ at: this.now, fact: one.fact }])
    else this.push(one.folder, { release: one.session, at: this.now })
  }
  finishing(): readonly Step[] {
    return leftOver(this.end()).flatMap(({ steps }) =>
      steps.map((one) => () => {
        this.endStep(one)
      }),
    )
  }
}

const process = (world: World, pid = 1): { pid: number; start: string } | null =>
  world.hasProcesses ? { pid, start: 's' } : null
/** Two sessions were given one name by their installation. */
const isPinned = (id: string): boolean => /^[xy]/.test(id)
const pinOf = (id: string): string | null => (isPinned(id) ? 'BOX/pinned' : null)
const found = (world: World, id: string): FoundSession => ({
  pinned: pinOf(id),
  record: world.record(id) ?? null,
})
function names(world: World, id: string): Names {
  const isTaken = (name: string): boolean =>
    world.records().some((r) => r.session === name && r.toolSession !== id)
  const fresh = (name: string): string => (isTaken(name) ? fresh(`${name}-again`) : name)
  return { records: () => world.records(), fresh: () => fresh(`BOX/${id}`) }
}

/** What the start hook does, step by step; the first one takes a cleared conversation up, for this one alone. */
function startHook(world: World, id: string, folder: string, source: string, pid = 1): readonly Step[] {
  let rest: readonly Step[] = []
  const take: Step = () => {
    const record = world.record(id)
    const key = (r: SessionRecord): string => `${r.toolSession} ${r.seenAt}`
    const coming = { folder, process: process(world, pid), pinned: pinOf(id) }
    const before =
      source === 'clear' && !record
        ? clearedBefore(world.records(), coming).find((r) => !world.taken.has(key(r)))
        : undefined
    if (before) world.taken.add(key(before))
    const session = before?.session ?? nameAtStart(found(world, id), names(world, id))
    const starting = { toolSession: id, session, folder, process: process(world, pid) }
    rest = startSteps(starting, before ?? null, world.now).map((step, i) => () => {
      world.note(step.toolSession, step.facts)
      const life = before && world.lives.get(before.toolSession)
      if (i === 0 && life) world.lives.set(id, life)
    })
  }
  const then =
    (at: number): Step =>
    () =>
      rest[at]?.()
  const flush: Step = () => {
    const record = world.record(id)
    if (record) world.flush(foldersOf(world.records(), record))
  }
  return [
    take,
    then(0),
    then(1),
    () => {
      for (const step of world.finishing()) step()
    },
    flush,
  ]
}

function endHook(world: World, id: string, reason: string, pid = 1): readonly Step[] {
  const record = world.record(id)
  const own = record && isLeft(record, reason) ? process(world, pid) : null
  const ending = {
    toolSession: id,
    session: nameAtEnd(found(world, id), names(world, id)),
    folders: record?.folders ?? ['P'],
    process: own,
  }
  const stepsNow = (): readonly Step[] =>
    endSteps(world.end(), ending, reason).map((one) => () => {
      world.endStep(one)
    })
  // what it leaves is said first, and looked at then
  let rest: readonly Step[] = []
  const leave: Step = () => {
    const fact = record && own && leaving(record, own, reason, world.end())
    if (fact) world.note(id, [fact])
    rest = stepsNow()
  }
  const steps = own ? [leave, ...[0, 1, 2, 3, 4, 5, 6, 7].map((i) => () => rest[i]?.())] : stepsNow()
  return [
    ...steps,
    () => {
      for (const step of world.finishing()) step()
    },
    () => {
      world.flush(ending.folders)
    },
  ]
}

function claim(world: World, id: string, { folder, isFull }: ClaimAct, life: Life, pid: number): void {
  const record = world.record(id)
  const session = nameAtWork(found(world, id), names(world, id))
  const isNew = !record || isOver(record) || record.session !== session
  if (isNew) {
    world.note(id, [{ at: world.now, fact: 'started', session, folder, process: process(world, pid) }])
    // its start hook was killed before it wrote a word
    life.since = world.now
  }
  world.note(id, [{ at: world.now, fact: 'seen', folder }])
  const lock = { session, life }
  if (world.isApiUp) world.deliver({ claim: lock })
  // a disk may be full: then the app's own queue has it
  else world.push(isFull ? null : folder, { claim: lock })
}

interface ClaimAct {
  readonly act: 'claim'
  readonly id: string
  readonly folder: string
  readonly isFull: boolean
}
type Act =
  | { readonly act: 'start'; readonly id: string; readonly folder: string; readonly cut: number }
  | ClaimAct
  | {
      readonly act: 'end'
      readonly id: string
      readonly reason: string
      readonly cut: number
      readonly next: number
    }
  /** It is resumed in a second terminal; the one of the two that was there last ends. */
  | { readonly act: 'second' | 'leave'; readonly id: string; readonly cut: number }
  | { readonly act: 'api'; readonly isUp: boolean }
  | { readonly act: 'time'; readonly ms: number }
  | { readonly act: 'flush'; readonly folder: Place }
const id = fc.constantFrom('a', 'b', 'x', 'y', 'a!', 'b!')
const folder = fc.constantFrom(...FOLDERS)
const cut = fc.oneof(
  { weight: 3, arbitrary: fc.constant(99) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 4 }) },
)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ act: fc.constant('start' as const), id, folder, cut }) },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('claim' as const), id, folder, isFull: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('end' as const),
      id,
      reason: fc.constantFrom('exit', 'exit', 'clear', 'clear', 'resume'),
      cut,
      next: cut,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constantFrom('second' as const, 'second' as const, 'leave' as const),
      id,
      cut,
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('api' as const), isUp: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('time' as const), ms: fc.constantFrom(1000, 660_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('flush' as const), folder: fc.constantFrom(...FOLDERS, null) }),
  },
)

/** Plays the acts; `who` is which of the tool's ids a conversation has now: a clear gives it another. */
function play(world: World, acts: readonly Act[]): void {
  const who = new Map<string, string>()
  let fresh = 0
  /** The process that a conversation is in, where that is not the host; the second one that it is in, too. */
  const terminal = new Map<string, number>()
  const second = new Map<string, number>()
  /** A person looks at another conversation in its place. */
  const away = new Set<string>()
  const run = (steps: readonly Step[], upTo: number): void => {
    for (const step of steps.slice(0, upTo)) step()
  }
  for (const one of acts) {
    world.now += 1000
    if (one.act === 'api') world.isApiUp = one.isUp
    else if (one.act === 'time') world.now += one.ms
    else if (one.act === 'flush') world.flush([one.folder])
    else {
      // a person goes back to the conversation that was there before its first clear
      const old = one.id.endsWith('!') ? one.id.slice(0, -1) : null
      if (old !== null && !who.has(one.id)) {
        if (one.act !== 'start' || !who.has(old)) continue
        who.set(one.id, old)
        world.lives.delete(old)
      }
      const now = who.get(one.id) ?? one.id
      const life = world.lives.get(now)
      if (one.act === 'start' && life?.isRunning !== true) {
        world.lives.set(now, { since: world.now, isRunning: true })
        terminal.delete(now)
        // that one came back is known from its start alone
        run(startHook(world, now, one.folder, 'startup'), old === null ? one.cut : Math.max(2, one.cut))
      } else if (one.act === 'second' && life?.isRunning === true) {
        if (!world.hasProcesses || second.has(now) || away.has(now) || world.record(now)?.state !== 'open')
          continue
        second.set(now, ++world.pids)
        run(startHook(world, now, 'P', 'resume', world.pids), Math.max(2, one.cut))
      } else if (one.act === 'leave' && second.has(now)) {
        const pid = second.get(now) ?? 0
        run(endHook(world, now, 'exit', pid), Math.max(1, one.cut))
        world.dead.add(pid)
        second.delete(now)
      } else if (one.act === 'end' && life?.isRunning === true && second.has(now)) {
        // it goes on in the other
        if (one.reason === 'clear') continue
        const pid = terminal.get(now) ?? 1
        run(endHook(world, now, one.reason, pid), Math.max(1, one.cut))
        if (pid > 1) world.dead.add(pid)
        terminal.set(now, second.get(now) ?? 1)
        second.delete(now)
      } else if (one.act === 'claim' && life?.isRunning === true)
        claim(world, now, one, life, terminal.get(now) ?? 1)
      else if (one.act === 'end' && life?.isRunning === true) {
        if (one.reason === 'exit') life.isRunning = false
        const record = world.record(now)
        if (!record || isOver(record)) life.since = world.now
        if (one.reason === 'resume') away.add(now)
        // a hook that is killed before its first write was never called
        const pid = terminal.get(now) ?? 1
        run(endHook(world, now, one.reason, pid), Math.max(1, one.cut))
        if (one.reason === 'exit' && pid > 1) world.dead.add(pid)
        if (one.reason === 'exit') terminal.delete(now)
        if (one.reason !== 'clear') continue
        const next = `${now}'${fresh++}`
        // one whose start left no word has no name to go on under, nor has one that took up a name that is another's pin
        const goesOn =
          record &&
          !isOver(record) &&
          (isPinned(now) ||
            !world
              .records()
              .some((r) => r.toolSession !== now && r.session === record.session && r.state === 'open'))
        who.set(one.id, next)
        run(startHook(world, next, world.record(now)?.folders[0] ?? 'P', 'clear', pid), one.next)
        terminal.set(next, pid)
        if (world.lives.get(next) === life) continue
        if (one.next > 1 && goesOn) world.faults.push(`${now} did not go on in ${next}`)
        // nobody knows that the one goes on in the other
        life.isRunning = false
        world.lives.set(next, { since: world.now, isRunning: true })
      }
    }
  }
}

/** A quarter of an hour later, the API is up, some hook runs to its end and every queue is flushed. */
function settle(world: World): void {
  world.now += 900_000
  world.isApiUp = true
  for (let i = 0; i < 2; i++) {
    for (const step of world.finishing()) step()
    world.flush([...FOLDERS, null])
  }
}

function check(hasProcesses: boolean, acts: readonly Act[]): void {
  const world = new World(hasProcesses)
  play(world, acts)
  settle(world)
  expect(world.faults).toEqual([])
  const running = [...world.lives].filter(([, life]) => life.isRunning)
  const named = new Set(running.map(([one]) => nameAtEnd(found(world, one), names(world, one))))
  // nobody knows of one whose start hook was killed before it wrote a word
  const known = running.filter(([one]) => !isPinned(one) && world.record(one)?.state === 'open')
  const own = [...new Map(known.map(([one, life]) => [life, one])).values()].map(
    (one) => world.record(one)?.session,
  )
  expect(new Set(own).size, own.join()).toBe(own.length)
  // a name that a living session has, too, is released with the last of them
  const left = world.held.filter(({ life, session }) => !life.isRunning && !named.has(session))
  expect(left).toEqual([])
}

it('never releases what a living session holds, never leaves what an ended one held', () => {
  fc.assert(fc.property(fc.boolean(), fc.array(act, { minLength: 4, maxLength: 40, size: 'max' }), check), {
    numRuns: 5000,
  })
})

describe('sequences that once ended wrong', () => {
  const start = (id: string, cut = 99): Act => ({ act: 'start', id, folder: 'P', cut })
  const claims = (id: string): Act => ({ act: 'claim', id, folder: 'P', isFull: false })
  const end = (id: string, reason: string, cut = 99, next = 99): Act => ({
    act: 'end',
    id,
    reason,
    cut,
    next,
  })

  it('two living sessions of one name: an end that comes after the end makes its name nobody else’s to take', () => {
    check(false, [
      start('a'),
      end('a', 'clear'),
      // it goes on in another, whose end is cut off, and is gone back to under its name
      end('a', 'exit', 1),
      start('a!', 2),
      // the other comes back without a word
      start('a', 0),
      end('a', 'clear'),
    ])
  })
  it('a terminal that cleared it goes on elsewhere: when it is gone back to in another, that one alone has it open', () => {
    const acts = (...last: Act[]): readonly Act[] => [
      start('b'),
      { act: 'second', id: 'b', cut: 99 },
      end('b', 'exit', 1),
      // the second terminal goes on in another conversation
      end('b', 'clear', 1),
      start('b!'),
      claims('b!'),
      ...last,
    ]
    check(true, acts(end('b!', 'clear')))
    check(true, acts(end('b!', 'exit')))
  })
  it('a lock that nobody releases: a conversation of a pinned name does not go on with one of another', () => {
    check(false, [start('b'), claims('b'), end('b', 'clear', 99, 0), start('x', 0), end('x', 'clear')])
  })
  it('a pinned name that one took up and another is given: only the other goes on under it, and releases it', () => {
    check(false, [
      start('x'),
      end('x', 'clear', 99, 0),
      start('a', 0),
      end('a', 'clear'),
      claims('a'),
      start('y'),
      end('a', 'clear'),
      end('a', 'exit'),
      end('y', 'exit'),
    ])
  })
})
