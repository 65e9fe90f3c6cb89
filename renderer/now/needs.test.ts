import { describe, expect, it } from 'vitest'
import type { Attention } from '../../shared/attention.ts'
import { toText } from '../parts/Sentence.tsx'
import { isCut, shownNeeds, toNeeds } from './needs.ts'

const lock = { id: '1', resource: 'src/db', project: 'web', session: 'A/x' }
const wanted: Attention = { kind: 'lock-wanted', ...lock, by: 'B/y', at: null, askedAt: null }
const aside = (name: string, count: number): Attention => ({
  kind: 'set-aside',
  path: `/${name}`,
  name,
  count,
})
const failed = (component: string): Attention => ({
  kind: 'component-failed',
  project: 'web',
  component,
  at: null,
})

describe('what needs a person, as rows', () => {
  it('keeps the order of the engine, most urgent first', () => {
    const rows = toNeeds([wanted, aside('web', 2), failed('api')])
    expect(rows.map((row) => row.kind)).toEqual(['lock-wanted', 'set-aside', 'component-failed'])
  })

  it('joins calls of several workspaces, and components, into one row each, with the whole number', () => {
    const rows = toNeeds([aside('web', 2), aside('api', 3), failed('a'), failed('b')])
    expect(rows.map((row) => toText(row.title))).toEqual([
      '5 calls were set aside in web and api',
      'a and b failed',
    ])
  })

  it('names four and counts the rest', () => {
    const [row] = toNeeds(['a', 'b', 'c', 'd', 'e', 'f'].map(failed))
    expect(row && toText(row.title)).toBe('a, b, c, d and 2 more failed')
  })

  it('says "at least" where the engine lists no more of a kind', () => {
    const many = Array.from({ length: 20 }, (_, n) => n)
    const [failures] = toNeeds(many.map((n) => failed(`c${n}`)))
    expect(failures && toText(failures.title)).toBe('c0, c1, c2, c3 and at least 16 more failed')
    const [calls] = toNeeds(many.map((n) => aside(`w${n}`, 1)))
    expect(calls && toText(calls.title)).toBe(
      'At least 20 calls were set aside in w0, w1, w2, w3 and at least 16 more',
    )
    expect(isCut(many.map((n) => failed(`c${n}`)))).toBe(true)
    expect(isCut(many.slice(1).map((n) => failed(`c${n}`)))).toBe(false)
  })

  it('leaves out a lock that is about to be released, and nothing else', () => {
    const rows = toNeeds([wanted, aside('web', 2), { ...wanted, id: '2' }])
    expect(shownNeeds(rows, new Set(['1'])).map((row) => row.key)).toEqual(['set-aside', 'lock-wanted 2'])
  })

  it('leads a lock that is wanted to that lock, and knows who holds it and who waits', () => {
    const [row] = toNeeds([wanted])
    expect(row).toMatchObject({ to: { view: 'locks', id: '1' }, lock: { session: 'A/x', by: 'B/y' } })
  })

  it('keeps the texts of others apart from ours, so that a front can isolate them', () => {
    const [row] = toNeeds([{ ...wanted, by: 'B/\u202ey' }])
    expect(row?.title[0]).toEqual({ their: 'B/\u202ey' })
  })

  it('gives every row a key of its own', () => {
    const rows = toNeeds([
      wanted,
      { ...wanted, id: '2' },
      { kind: 'storage', detail: 'x' },
      { kind: 'workspace-problem', path: '/a', name: 'a', problem: 'x' },
      { kind: 'workspace-problem', path: '/b', name: 'b', problem: 'y' },
    ])
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length)
  })
})
