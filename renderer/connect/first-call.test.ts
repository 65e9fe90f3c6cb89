import { describe, expect, it } from 'vitest'
import { firstCall } from './first-call.ts'

const T = Date.parse('2026-11-27T10:00:00Z')
const at = (minutes: number): string => new Date(T + minutes * 60_000).toISOString()
const session = (name: string, hookAt: string | null, ...signs: string[]) => ({
  session: name,
  hookAt,
  life: signs.map((one) => ({ kind: 'queue' as const, at: one })),
})

describe('the first call', () => {
  it('is none before a session showed life', () => {
    expect(firstCall([], T)).toBeNull()
    expect(firstCall([session('M/a', null)], null)).toBeNull()
  })

  it('what came before the hooks were written is not taken for a call of theirs', () => {
    expect(firstCall([session('M/a', at(-1), at(-1))], T)).toBeNull()
    expect(firstCall([session('M/a', at(1))], T)).toEqual({ session: 'M/a', at: at(1), isHook: true })
  })

  it('a hook proves more than another sign, the newest more than an older one', () => {
    const all = [session('M/a', at(1), at(9)), session('M/b', at(2)), session('M/c', null, at(5))]
    expect(firstCall(all, T)).toMatchObject({ session: 'M/b', isHook: true })
    expect(firstCall([session('M/c', null, at(3), at(5))], T)).toMatchObject({ at: at(5), isHook: false })
  })

  it('without a beginning only hooks count', () => {
    expect(firstCall([session('M/c', null, at(5))], null)).toBeNull()
    expect(firstCall([session('M/c', at(-500))], null)).toMatchObject({ session: 'M/c' })
  })
})
