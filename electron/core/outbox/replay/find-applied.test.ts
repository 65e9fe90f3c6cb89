import { describe, expect, it } from 'vitest'
import type { SendableCall } from '../lines/parse-line.ts'
import { targetOf } from './call-target.ts'
import { findApplied, type Row } from './find-applied.ts'

const AT = Date.UTC(2026, 0, 5, 12, 0, 0, 500)
const request = (
  method: SendableCall['method'],
  path: string,
  data: Record<string, unknown>,
): SendableCall => ({
  method,
  path: `/api/coord/${path}`,
  body: JSON.stringify(data),
  data,
})
const message = request('POST', 'messages', { from_session: 'S', subject: 'x', to_session: null })
const row = (more: Row = {}): Row => ({
  id: '1',
  from_session: 'S',
  subject: 'x',
  to_session: null,
  created_at: new Date(AT + 100).toISOString(),
  ...more,
})
const find = (rows: readonly Row[], call = message, isExact = false): Row | undefined =>
  findApplied(rows, call, targetOf(call), AT, isExact)

describe('findApplied', () => {
  it.each<[string, readonly Row[], boolean]>([
    ['the one row that matches', [row(), row({ id: '2', subject: 'y' })], true],
    ['an absent field for null', [{ ...row(), to_session: undefined }], true],
    ['a number that came back as text', [row({ subject: 'x', priority: '3' })], true],
    ['two that match prove nothing', [row(), row({ id: '2' })], false],
    ['one that differs in a field', [row({ subject: 'y' })], false],
    ['one that is older than the intent', [row({ created_at: new Date(AT - 1).toISOString() })], false],
    [
      'whole seconds, cut off within the second of the intent',
      [row({ created_at: '2026-01-05T12:00:00Z' })],
      true,
    ],
    ['a row without a time', [row({ created_at: null })], false],
    ['none', [], false],
  ])('%s', (_, rows, isFound) => {
    expect(find(rows)?.['id']).toBe(isFound ? '1' : undefined)
  })

  it('gives whole seconds no benefit where an equal call went out shortly before', () => {
    expect(find([row({ created_at: '2026-01-05T12:00:00Z' })], message, true)).toBeUndefined()
  })

  it('compares the component that the path names', () => {
    const put = request('PUT', 'components/p/web', { state: 'built' })
    const stands = {
      project_key: 'p',
      component: 'web',
      state: 'built',
      updated_at: new Date(AT).toISOString(),
    }
    expect(find([stands], put)).toBe(stands)
    expect(find([{ ...stands, component: 'db' }], put)).toBeUndefined()
  })

  it('proves nothing of a call without a body', () => {
    expect(
      find([row()], { method: 'POST', path: '/api/coord/messages', body: undefined, data: undefined }),
    ).toBeUndefined()
  })
})
