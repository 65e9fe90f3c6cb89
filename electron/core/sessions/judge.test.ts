import { describe, expect, it } from 'vitest'
import { lockRow, type LockRow } from '../../../shared/wire.ts'
import { judge } from './judge.ts'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const lock = (session: string, resource: string, more: object = {}): LockRow =>
  lockRow.parse({
    id: `${session} ${resource}`,
    project_key: 'p',
    session_id: session,
    resource,
    acquired_at: '2026-11-26T11:30:00Z',
    last_activity_at: '2026-11-26T11:30:00Z',
    ...more,
  })
const of = (resource: string, locks: readonly LockRow[]): string => {
  const found = judge({ project: 'p', resource }, 'BOX/me', locks, NOW)
  return found.kind === 'free' ? 'free' : `${found.kind} ${found.lock.id}`
}
const old = { acquired_at: '2026-11-26T08:00:00Z', last_activity_at: '2026-11-26T09:00:00Z' }

describe('whose a resource is', () => {
  it.each([
    ['nobody holds anything', 'src/a.ts', [], 'free'],
    ['ours', 'src/a.ts', [lock('BOX/me', 'src/a.ts')], 'mine BOX/me src/a.ts'],
    ['ours, the machine in another case', 'src/a.ts', [lock('box/me', 'src/a.ts')], 'mine box/me src/a.ts'],
    ['ours by the folder', 'src/a.ts', [lock('BOX/me', 'src/')], 'mine BOX/me src/'],
    ['another session of this machine', 'src/a.ts', [lock('BOX/you', 'src/a.ts')], 'held BOX/you src/a.ts'],
    ['another by a pattern', 'src/a.ts', [lock('FAR/you', 'src/**')], 'held FAR/you src/**'],
    [
      'a folder of which another holds a file',
      'src/',
      [lock('FAR/you', 'src/a.ts')],
      'held FAR/you src/a.ts',
    ],
    ['a folder of which we hold a file only', 'src/', [lock('BOX/me', 'src/a.ts')], 'free'],
    [
      'we hold a part, another a part',
      'src/',
      [lock('BOX/me', 'src/'), lock('FAR/you', 'src/b.ts')],
      'held FAR/you src/b.ts',
    ],
    ['a stale one', 'src/a.ts', [lock('FAR/you', 'src/a.ts', old)], 'stale FAR/you src/a.ts'],
    [
      'a stale one and a live one',
      'src/a.ts',
      [lock('FAR/old', 'src/a.ts', old), lock('FAR/you', 'src/')],
      'held FAR/you src/',
    ],
    ['another project', 'src/a.ts', [lock('FAR/you', 'src/a.ts', { project_key: 'q' })], 'free'],
    [
      'one whose time is over',
      'src/a.ts',
      [lock('FAR/you', 'src/a.ts', { expires_at: '2026-11-26T11:59:59Z' })],
      'free',
    ],
    ['a lock without a resource', 'src/a.ts', [lock('FAR/you', 'x', { resource: null })], 'free'],
  ])('%s', (_name, resource, locks, expected) => {
    expect(of(resource, locks)).toBe(expected)
  })
})
