/** What an outbox does next, as a table; and that it always comes to rest. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isOwner,
  nextStep,
  ownerOf,
  problemOf,
  restingPhase,
  type Phase,
  type Step,
  type View,
} from './phase.ts'

const MIB = 1024 * 1024
const storage = { code: 'storage', errno: 'ENOSPC', path: '/p', op: 'write' } as const
const view = (more: Partial<View> = {}): View => ({
  phase: { kind: 'resting' },
  now: 1_000,
  isAsked: false,
  isCancelled: false,
  queueBytes: 0,
  isRead: false,
  isOnline: true,
  hasOpenSegments: false,
  isGuarding: true,
  done: new Set(),
  ...more,
})
const done = (...steps: Step[]): Pick<View, 'done'> => ({ done: new Set(steps) })
const RECOVERED = done('recover')

describe('nextStep', () => {
  it.each<[name: string, view: View, step: Step]>([
    ['stopped', view({ phase: { kind: 'stopped', problem: null } }), 'acquire'],
    ['watching another process', view({ phase: { kind: 'watching', who: 'process' } }), 'acquire'],
    [
      'watching, and asked already',
      view({ phase: { kind: 'watching', who: 'process' }, ...done('acquire') }),
      'rest',
    ],
    ['stopping', view({ phase: { kind: 'stopping' }, queueBytes: 9 }), 'rest'],
    ['ours, before anything', view({ queueBytes: 9 }), 'recover'],
    ['blocked', view({ phase: { kind: 'blocked', problem: storage, until: 1_001 } }), 'rest'],
    [
      'blocked, and asked for',
      view({ phase: { kind: 'blocked', problem: storage, until: 1_001 }, isAsked: true }),
      'recover',
    ],
    [
      'blocked, and the wait is over',
      view({ phase: { kind: 'blocked', problem: storage, until: 1_000 } }),
      'recover',
    ],
    [
      'blocked in this very turn, though it was asked for',
      view({ phase: { kind: 'blocked', problem: storage, until: 0 }, isAsked: true, ...RECOVERED }),
      'rest',
    ],
    ['cancelled', view({ isCancelled: true, queueBytes: 9, ...RECOVERED }), 'rest'],
    ['bytes, and online', view({ queueBytes: 9, ...RECOVERED }), 'claim'],
    ['bytes, and the API is away', view({ queueBytes: 9, isOnline: false, ...RECOVERED }), 'guard'],
    [
      'bytes, away, and nobody runs here',
      view({ queueBytes: 9, isOnline: false, isGuarding: false, ...RECOVERED }),
      'tidy',
    ],
    ['more than 8 MiB, and away', view({ queueBytes: 8 * MIB + 1, isOnline: false, ...RECOVERED }), 'claim'],
    ['8 MiB, and away', view({ queueBytes: 8 * MIB, isOnline: false, ...RECOVERED }), 'guard'],
    ['bytes that another program reads', view({ queueBytes: 9, isRead: true, ...RECOVERED }), 'guard'],
    ['claimed', view({ hasOpenSegments: true, ...done('recover', 'claim') }), 'replay'],
    [
      'open segments, and the API is away: those that were removed need none',
      view({ hasOpenSegments: true, isOnline: false, ...RECOVERED }),
      'replay',
    ],
    ['replayed', view({ ...done('recover', 'claim', 'replay') }), 'guard'],
    ['guarded', view({ ...done('recover', 'claim', 'replay', 'guard') }), 'tidy'],
    ['all of it', view({ ...done('recover', 'claim', 'replay', 'guard', 'tidy') }), 'rest'],
  ])('%s', (_, seen, step) => expect(nextStep(seen)).toBe(step))

  it('property: whatever is seen, a turn ends within its steps, and nothing is sent before recovery', () => {
    const phases: Phase[] = [
      { kind: 'stopped', problem: null },
      { kind: 'watching', who: 'process' },
      { kind: 'watching', who: 'machine', host: 'h' },
      { kind: 'recovering' },
      { kind: 'replaying' },
      { kind: 'resting' },
      { kind: 'holding', why: 'api-away', since: 0 },
      { kind: 'blocked', problem: storage, until: 1_000 },
      { kind: 'stopping' },
    ]
    const seen = fc.record({
      phase: fc.constantFrom(...phases),
      now: fc.constantFrom(999, 1_000),
      isAsked: fc.boolean(),
      isCancelled: fc.boolean(),
      queueBytes: fc.constantFrom(0, 1, 9 * MIB),
      isRead: fc.boolean(),
      isOnline: fc.boolean(),
      hasOpenSegments: fc.boolean(),
      isGuarding: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(seen, { minLength: 8, maxLength: 8 }), (looks) => {
        const made = new Set<Step>()
        for (const look of looks) {
          const step = nextStep({ ...look, done: made })
          if (step === 'rest') return
          expect(made.has(step)).toBe(false)
          if (step !== 'acquire' && step !== 'recover') {
            expect(made.has('recover')).toBe(true)
            expect(isOwner(look.phase)).toBe(true)
          }
          made.add(step)
        }
        expect(nextStep(view({ done: made }))).toBe('rest')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('where a turn ends', () => {
  it.each<[string, View, Phase]>([
    ['nothing waits', view({ isOnline: false }), { kind: 'resting' }],
    [
      'calls wait, and the API is away',
      view({ queueBytes: 1, isOnline: false }),
      { kind: 'holding', why: 'api-away', since: 1_000 },
    ],
    [
      'claimed calls wait, and the API is away',
      view({ hasOpenSegments: true, isOnline: false }),
      { kind: 'holding', why: 'api-away', since: 1_000 },
    ],
    [
      'another program reads',
      view({ queueBytes: 1, isRead: true }),
      { kind: 'holding', why: 'foreign-reader', since: 1_000 },
    ],
    [
      'as long as before',
      view({ queueBytes: 1, isOnline: false, phase: { kind: 'holding', why: 'api-away', since: 7 } }),
      { kind: 'holding', why: 'api-away', since: 7 },
    ],
    ['a last line may grow', view({ hasOpenSegments: true }), { kind: 'resting' }],
  ])('%s', (_, seen, phase) => expect(restingPhase(seen)).toEqual(phase))
})

it('who sends, and what keeps calls from being sent, are the phase and nothing else', () => {
  const machine: Phase = { kind: 'watching', who: 'machine', host: 'WSL' }
  expect(ownerOf({ kind: 'stopped', problem: null })).toBe('none')
  expect(ownerOf({ kind: 'watching', who: 'process' })).toBe('other-process')
  expect(ownerOf(machine)).toBe('other-machine')
  expect(ownerOf({ kind: 'blocked', problem: storage, until: 0 })).toBe('this')
  expect(problemOf(machine)).toEqual({ code: 'other-machine', who: 'WSL' })
  expect(problemOf({ kind: 'blocked', problem: storage, until: 0 })).toBe(storage)
  expect(problemOf({ kind: 'stopped', problem: storage })).toBe(storage)
  expect(problemOf({ kind: 'resting' })).toBeNull()
})
