import { describe, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS, retryAfterMs } from './retry-after.ts'

const date = 'Wed, 21 Oct 2026 07:28:00 GMT'
/** Five seconds ahead of the server. */
const now = Date.UTC(2026, 9, 21, 7, 28, 5)
describe('retryAfterMs', () => {
  it.each([
    ['seconds', { 'retry-after': '30' }, '', 30_000],
    ['nought', { 'retry-after': '0' }, '', 0],
    ['a blank around', { 'retry-after': ' 7 ' }, '', 7_000],
    ['capped at an hour', { 'retry-after': '1000000000' }, '', MAX_RETRY_AFTER_MS],
    ['negative', { 'retry-after': '-5' }, '', undefined],
    ['garbage', { 'retry-after': 'abc' }, '', undefined],
    ['a fraction', { 'retry-after': '1.5' }, '', undefined],
    ['two headers: the longest', { 'retry-after': '30, 60' }, '', 60_000],
    ['IMF date against the own Date', { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date }, '', 30_000],
    ['RFC 850 date', { 'retry-after': 'Wednesday, 21-Oct-26 07:28:30 GMT', date }, '', 30_000],
    ['asctime date', { 'retry-after': 'Wed Oct 21 07:28:30 2026', date }, '', 30_000],
    [
      'a date of a server whose clock is years off',
      { 'retry-after': 'Thu, 21 Oct 1999 07:28:10 GMT', date: 'Thu, 21 Oct 1999 07:28:00 GMT' },
      '',
      10_000,
    ],
    ['a date in the past', { 'retry-after': 'Wed, 21 Oct 2026 07:00:00 GMT', date }, '', 0],
    [
      'a date without Date: the body',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' },
      '{"retry_after":4}',
      4_000,
    ],
    [
      'a date without Date, and no body: our own clock',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' },
      '',
      25_000,
    ],
    [
      'a date beside a Date that cannot be read: our own clock',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: 'yesterday' },
      '',
      25_000,
    ],
    [
      'a date beside two Dates: our own clock',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: `${date}, ${date}` },
      '',
      25_000,
    ],
    [
      'a date beside a Date that cannot be read: the body, which needs no clock',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: '' },
      '{"retry_after":40}',
      40_000,
    ],
    [
      'seconds beside a Date that cannot be read',
      { 'retry-after': '30', date: 'x' },
      '{"retry_after":2}',
      30_000,
    ],
    [
      'two dates: the longest',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT, Wed, 21 Oct 2026 07:28:45 GMT', date },
      '',
      45_000,
    ],
    [
      'a date and seconds: the longest',
      { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT, 31', date },
      '',
      31_000,
    ],
    ['body only', {}, '{"detail":"x","retry_after":30}', 30_000],
    ['garbage, then body', { 'retry-after': 'soon' }, '{"retry_after":2}', 2_000],
    ['body text', {}, '{"retry_after":"30"}', undefined],
    ['body negative', {}, '{"retry_after":-1}', undefined],
    ['nothing', {}, 'oops', undefined],
  ])('%s', (_, headers, body, expected) => {
    expect(retryAfterMs(headers as unknown as Record<string, string>, body, now)).toBe(expected)
  })
})
