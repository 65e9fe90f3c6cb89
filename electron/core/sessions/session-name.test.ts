import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSameSession, nameSession, pinnedName } from './session-name.ts'

const keys = { uuid5: (name: string): string => createHash('sha1').update(name).digest('hex') }
const never = (): boolean => false

describe('the name of a session', () => {
  it('tells ids apart that begin alike (S1: truncated identity)', () => {
    const one = nameSession('BOX', 'p', '0199a1b2-c3d4-7e5f-8a9b-000000000001', keys, never)
    const other = nameSession('BOX', 'p', '0199a1b2-ffff-7aaa-9bbb-000000000002', keys, never)
    expect(one).not.toBe(other)
    expect(one).toMatch(/^BOX\/p-[0-9a-f]{8}$/)
  })
  it('is the same for one id, always, and never that of another one that is known', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 20 }), (ids) => {
        // the worst hash there is: every short name is the same
        const bad = { uuid5: (name: string): string => 'aaaaaaaa' + keys.uuid5(name) }
        const names = new Map<string, string>()
        for (const id of ids)
          names.set(
            id,
            nameSession('BOX', 'p', id, bad, (name) => [...names.values()].includes(name)),
          )
        expect(new Set(names.values()).size).toBe(ids.length)
      }),
    )
  })
  it('is none that is taken, however many are: a conversation may be gone back to after each of its clears', () => {
    const taken = new Set<string>()
    for (let n = 0; n < 6; n++) taken.add(nameSession('BOX', 'p', 'a', keys, (name) => taken.has(name)))
    expect(taken.size).toBe(6)
  })
  it.each([
    ['my project', 'BOX/my-project-'],
    ['a/b?c#d', 'BOX/a-b-c-d-'],
    ['日本', 'BOX/日本-'],
    ['', 'BOX/root-'],
    // what cannot be seen: no command would take the name
    ['red\u001b[31m\nx', 'BOX/red-[31m-x-'],
    ['a\u202eb\u200b\ufeffc\u00ad', 'BOX/a-b-c--'],
    ['half \ud83d', 'BOX/half--'],
    ['\u{1f468}\u200d\u{1f469} \u2699\ufe0f', 'BOX/\u{1f468}\u200d\u{1f469}-\u2699\ufe0f-'],
  ])('of the folder %j begins with %s', (folder, start) => {
    expect(nameSession('BOX', folder, 'x', keys, never)).toContain(start)
  })
  it('given by a person is taken as it is', () => {
    expect(pinnedName('BOX', 'api')).toBe('BOX/api')
    expect(pinnedName('BOX', 'OTHER/api')).toBe('OTHER/api')
  })
  it.each([
    ['BOX/a', 'box/a', true],
    ['BOX/a', 'BOX/A', false],
    ['BOX/a', 'BOX2/a', false],
    ['a', 'A', false],
    ['/a', '/a', true],
  ])('%s and %s are one session: %s', (a, b, same) => {
    expect(isSameSession(a, b)).toBe(same)
  })
})
