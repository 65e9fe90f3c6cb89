import { describe, expect, it } from 'vitest'
import type { SendableCall } from '../lines/parse-line.ts'
import { queryOf, targetOf } from './call-target.ts'

const of = (
  method: SendableCall['method'],
  path: string,
  data?: Record<string, unknown>,
): ReturnType<typeof targetOf> => targetOf({ method, path: `/api/coord/${path}`, body: undefined, data })
describe('targetOf', () => {
  it('knows each call of the protocol', () => {
    expect(
      of('POST', 'locks', { project_key: 'p', resource: 'r', session_id: 'M/a', ttl_hours: 2 }),
    ).toMatchObject({
      effect: { kind: 'claim', ttlHours: 2 },
      resource: 'lock:p:r',
      session: 'M/a',
      lane: 'locks:p',
    })
    expect(of('DELETE', 'locks/7?session_id=M%2Fa')).toMatchObject({
      effect: { kind: 'release', id: '7' },
      session: 'M/a',
      lane: 'barrier',
    })
    expect(of('DELETE', 'locks?session_id=M%2Fa&release_all=true')).toMatchObject({
      effect: { kind: 'release-all', session: 'M/a' },
      lane: 'barrier',
    })
    expect(of('DELETE', 'locks?session_id=M+a&release_all=True')).toMatchObject({
      effect: { kind: 'release-all', session: 'M a' },
    })
    expect(of('DELETE', 'locks?session_id=M%2Fa')).toMatchObject({ effect: { kind: 'other' } })
    const body = of('PUT', 'components', { project_key: 'p', component: 'c d', updated_by: 'M/a' })
    const path = of('PUT', 'components/p/c%20d', { updated_by: 'M/a' })
    expect(body).toMatchObject({ effect: { kind: 'component', form: 'body' }, session: 'M/a' })
    expect(path).toMatchObject({ effect: { kind: 'component', form: 'path' } })
    expect(path.resource).toBe(body.resource)
    expect(of('POST', 'messages', { from_session: 'M/a' })).toMatchObject({
      effect: { kind: 'message' },
      session: 'M/a',
    })
    expect(of('PUT', 'messages/9/read')).toMatchObject({
      effect: { kind: 'mark-read', id: '9' },
      session: null,
    })
    expect(of('POST', 'workflows', { name: 'w' })).toMatchObject({
      effect: { kind: 'workflow' },
      lane: 'barrier',
    })
    expect(of('POST', 'work-items', { workflow_id: 3 })).toMatchObject({
      effect: { kind: 'work-item', workflow: '3' },
    })
    expect(of('PATCH', 'work-items/5', { status: 'completed' })).toMatchObject({
      effect: { kind: 'item-change', id: '5' },
    })
    expect(of('POST', 'elsewhere', { session_id: 'M/z' })).toMatchObject({
      effect: { kind: 'other' },
      session: 'M/z',
      lane: 'barrier',
    })
  })
  it('takes nothing from a prototype, and survives odd bodies and queries', () => {
    expect(of('POST', 'locks', Object.create({ session_id: 'X' }) as Record<string, unknown>)).toMatchObject({
      session: '',
    })
    expect(of('PUT', 'components', { project_key: {}, component: [] })).toMatchObject({
      effect: { kind: 'other' },
    })
    expect([...queryOf('/x?a=1&a=2&&=3&b&c=%zz')]).toEqual([
      ['a', '2'],
      ['b', ''],
      ['c', '%zz'],
    ])
  })
})
