/** The lines of a start. */
import { expect, it } from 'vitest'
import { connectionStates } from './connection.ts'
import type { AppSnapshot } from './snapshot.ts'
import { apiFact, sayWhereApiIs } from './start-facts.ts'

type State = (typeof connectionStates)[number]
const DETAIL = 'The coordination API at http://127.0.0.1:8001 cannot be reached (nothing listens there).'
const snapshot = (state: State, isServedHere = false): AppSnapshot =>
  ({
    apiUrl: 'http://127.0.0.1:8001',
    isServedHere,
    connection: { state, since: '', detail: DETAIL, until: null },
  }) as AppSnapshot

/** Snapshots come by hand, and so does time. */
function start(first: State) {
  const listeners = new Set<(snapshot: AppSnapshot) => void>()
  const said: (readonly [string, boolean])[] = []
  const tasks = new Set<() => void>()
  sayWhereApiIs({
    subscribe(listener) {
      listeners.add(listener)
      listener(snapshot(first))
      return () => void listeners.delete(listener)
    },
    say: (fact, isFirst) => said.push([fact, isFirst]),
    clock: {
      schedule(_delayMs, task) {
        tasks.add(task)
        return () => void tasks.delete(task)
      },
    },
  })
  return {
    said,
    listeners,
    comes(state: State) {
      for (const listener of [...listeners]) listener(snapshot(state))
    },
    timePasses() {
      for (const task of tasks) task()
      tasks.clear()
    },
  }
}
const ANSWERS = apiFact(snapshot('online'))

it('says where the API is in every state but the first, and no address twice', () => {
  const facts = connectionStates.map((state) => apiFact(snapshot(state)))
  expect(facts.filter((fact) => fact === null)).toHaveLength(1)
  for (const fact of facts) if (fact !== null) expect(fact.split('http://127.0.0.1:8001')).toHaveLength(2)
  expect(apiFact(snapshot('online', true))).toContain('served here')
})

it.each(['online', 'connecting'] as const)('an API that answers is said once, at first %s', (first) => {
  const begun = start(first)
  for (let i = 0; i < 3; i++) begun.comes('online')
  expect(begun.said).toEqual([[ANSWERS, true]])
  expect(begun.listeners.size).toBe(0)
})

it.each(['offline', 'degraded', 'wrong-answer'] as const)(
  '%s is no news while the program starts',
  (state) => {
    const begun = start(state)
    begun.comes(state)
    expect(begun.said).toEqual([])
    begun.comes('online')
    begun.timePasses()
    expect(begun.said).toEqual([[ANSWERS, true]])
  },
)

it('what lasts is said once, and the answer still when it comes', () => {
  const begun = start('offline')
  begun.timePasses()
  begun.comes('offline')
  begun.timePasses()
  expect(begun.said).toEqual([[DETAIL, true]])
  begun.comes('online')
  expect(begun.said.slice(1)).toEqual([[ANSWERS, false]])
  expect(begun.listeners.size).toBe(0)
})
