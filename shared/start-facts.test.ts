/** The lines of a start. */
import { expect, it } from 'vitest'
import { connectionStates } from './connection.ts'
import type { AppSnapshot } from './snapshot.ts'
import { apiFact, onceKnown } from './start-facts.ts'

const snapshot = (state: (typeof connectionStates)[number], isServedHere = false): AppSnapshot =>
  ({
    apiUrl: 'http://127.0.0.1:8001',
    isServedHere,
    connection: { state, since: '', detail: 'nothing listens there', until: null },
  }) as AppSnapshot

it('says where the API is in every state but the first', () => {
  const facts = connectionStates.map((state) => apiFact(snapshot(state)))
  expect(facts.filter((fact) => fact === null)).toHaveLength(1)
  for (const fact of facts) if (fact !== null) expect(fact).toMatch(/http:\/\/127\.0\.0\.1:8001/)
  expect(apiFact(snapshot('online', true))).toContain('served here')
  expect(apiFact(snapshot('offline'))).toContain('they wait')
})

it.each(['at once', 'later'])('is said once, known %s, and nothing is listened to after that', (when) => {
  const listeners = new Set<(snapshot: AppSnapshot) => void>()
  const said: string[] = []
  onceKnown(
    (listener) => {
      listeners.add(listener)
      listener(snapshot(when === 'at once' ? 'online' : 'connecting'))
      return () => void listeners.delete(listener)
    },
    apiFact,
    (fact) => said.push(fact),
  )
  for (let i = 0; i < 3; i++) for (const listener of [...listeners]) listener(snapshot('online'))
  expect(said).toHaveLength(1)
  expect(listeners.size).toBe(0)
})
