import { describe, expect, it } from 'vitest'
import { waitWords } from './flush.ts'

const at = (state: 'online' | 'connecting' | 'offline' | 'degraded', until: string | null = null) => ({
  state,
  until,
  detail: 'It is so.',
})
const LATER = '2026-11-27T12:00:00.000Z'

describe('what a flush says while it waits', () => {
  it.each([
    ['it sends', at('online'), 30, null],
    ['it knocks', at('connecting'), 30, expect.stringContaining('waiting for http://127.0.0.1:1')],
    [
      'it is told when to come back',
      at('degraded', LATER),
      30,
      expect.stringContaining('Waiting up to 30 s'),
    ],
    ['it is tried again later', at('offline', LATER), 30, expect.stringContaining('Waiting up to 30 s')],
    // its end says it: a look between the two said the same sentence twice
    ['nothing more is waited for', at('offline'), 30, null],
    ['it may not wait', at('degraded', LATER), 0, null],
  ])('%s', (_, view, waitS, said) => {
    expect(waitWords(view, 'http://127.0.0.1:1', waitS)).toEqual(said)
  })
})
