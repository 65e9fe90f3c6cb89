import { describe, expect, it } from 'vitest'
import type { ComponentRow } from '../../../../shared/wire.ts'
import { targetOf } from './call-target.ts'
import { createComponentHistory } from './component-history.ts'

const AT = Date.UTC(2026, 0, 5)
const iso = (at: number): string => new Date(at).toISOString()
const RESOURCE = 'component:p:web'
const target = targetOf({ method: 'PUT', path: '/api/coord/components/p/web', body: '', data: {} })
const row = (more: Partial<ComponentRow> = {}): ComponentRow =>
  ({ component: 'web', project_key: 'p', updated_at: iso(AT), effective_at: null, ...more }) as ComponentRow
const delivered = (
  updated: string | null,
): Parameters<ReturnType<typeof createComponentHistory>['observe']>[0] => ({
  kind: 'delivered',
  offset: 0,
  sub: 0,
  at: AT,
  status: 200,
  lineHash: '',
  resourceHash: '',
  sessionHash: '',
  component: [RESOURCE, updated],
})

describe('the history of components', () => {
  it('asks for a project once, and keeps the row as it stood before the first call', () => {
    const history = createComponentHistory()
    expect(history.rowBefore('p', 'web', 0)).toBeUndefined()
    history.keepRows('p', [row()], 0)
    expect(history.rowBefore('p', 'web', 0)).toEqual(row())
    history.keepRows('p', [row({ state: 'later' })], 10_000)
    history.noteSent(target)
    expect(history.rowBefore('p', 'web', 10_000)).toEqual(row())
    expect(history.rowBefore('p', 'other', 10_000)).toBeNull()
  })

  it('reads the rows again after five seconds, and each drain anew', () => {
    const history = createComponentHistory()
    history.keepRows('p', null, 0)
    expect(history.rowBefore('p', 'web', 5_000)).toBeNull()
    expect(history.rowBefore('p', 'db', 5_001)).toBeUndefined()
    history.beginDrain()
    expect(history.rowBefore('p', 'web', 5_000)).toBeUndefined()
  })

  it('takes what stands there for its own once a call went out unread', () => {
    const history = createComponentHistory()
    history.noteSent(target)
    expect(history.rowBefore('p', 'web', 0)).toBeNull()
  })

  it.each<[string, Partial<ComponentRow>, string | null, boolean]>([
    ['the very time that the answer gave', {}, iso(AT), true],
    ['a time near our write, where the answer gave none', { updated_at: iso(AT + 1_900) }, null, true],
    ['a later time', { updated_at: iso(AT + 60_000) }, iso(AT), false],
    ['a later time, where the answer gave none', { updated_at: iso(AT + 60_000) }, null, false],
    [
      'a row that says it was replayed',
      { updated_at: iso(AT + 60_000), effective_at: iso(AT) },
      iso(AT),
      true,
    ],
  ])('knows its own write by %s', (_, more, updated, isOwn) => {
    const history = createComponentHistory()
    history.observe(delivered(updated))
    expect(history.isOwnWrite(RESOURCE, row(more), 0)).toBe(isOwn)
    expect(history.isOwnWrite('component:p:db', row({ ...more, effective_at: null }), 0)).toBe(false)
  })
})
