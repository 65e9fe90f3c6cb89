import { describe, expect, it } from 'vitest'
import { causeCodeOf, causeCodes, causeText, holderOf, mayBeCompleted, type Cause } from './cause.ts'

const detail = 'the API answered 404: no such thing'
const causes: readonly Cause[] = [
  { code: 'too-long', bytes: 2_000_000 },
  { code: 'not-text' },
  { code: 'torn' },
  { code: 'not-json' },
  { code: 'not-a-call', lacks: 'object' },
  { code: 'not-a-call', lacks: 'method' },
  { code: 'not-a-call', lacks: 'path' },
  { code: 'refused', what: 'dot-dot' },
  { code: 'refused', what: 'method' },
  { code: 'removed' },
  { code: 'duplicate' },
  { code: 'session-active' },
  { code: 'rejected', detail },
  { code: 'other-form', detail },
  { code: 'held', holder: 'M/a', detail },
  { code: 'keeps-failing', failures: 5, detail },
]

describe('causes', () => {
  it('every code has words, and the words of a ledger without codes lead back to it', () => {
    expect(new Set(causes.map((c) => c.code))).toEqual(new Set(causeCodes))
    for (const cause of causes) expect(causeCodeOf(causeText(cause)), causeText(cause)).toBe(cause.code)
  })

  it('the words of a ledger without a holder lead back to it', () => {
    expect(causes.map((cause) => holderOf(causeText(cause))).filter(Boolean)).toEqual(['M/a'])
  })

  it('only a line that may still grow may be completed', () => {
    expect(causeCodes.filter(mayBeCompleted)).toEqual(['not-text', 'torn', 'not-json'])
  })
})
