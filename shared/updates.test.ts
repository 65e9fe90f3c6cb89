import { expect, it } from 'vitest'
import { isAskDue, readUpdate } from './updates.ts'

it.each([
  ['0.1.1', '0.1.0'],
  ['0.2.0', '0.1.9'],
  ['0.10.0', '0.9.9'],
  ['1.0.0', '0.99.99'],
])('%s is newer than %s, and not the other way round', (later, earlier) => {
  expect(readUpdate({ version: later }, earlier)).toEqual({ version: later, url: null })
  expect(readUpdate({ version: earlier }, later)).toBeNull()
  expect(readUpdate({ version: later }, later)).toBeNull()
})

it.each([
  [null],
  ['9.9.9'],
  [[]],
  [{}],
  [{ version: 9 }],
  [{ version: '9.9.9-beta' }],
  [{ version: '9.9' }],
  [{ version: ' 9.9.9' }],
  [{ version: '9.9.9\u202E' }],
  [{ version: '9999999.0.0' }],
])('%j says nothing', (answer) => {
  expect(readUpdate(answer, '0.1.0')).toBeNull()
})

it('keeps an address that a person can read, and no other text', () => {
  const urlOf = (url: unknown) => readUpdate({ version: '9.9.9', url }, '0.1.0')?.url
  expect(urlOf('https://coord.example/get?v=9')).toBe('https://coord.example/get?v=9')
  for (const url of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'https://a b',
    `https://${'a'.repeat(600)}`,
    7,
  ])
    expect(urlOf(url)).toBeNull()
})

it('asks once a day, also after failures and after a clock that went back', () => {
  const day = 24 * 3_600_000
  expect(isAskDue(null, 5)).toBe(true)
  expect(isAskDue(1_000, 1_000)).toBe(false)
  expect(isAskDue(1_000, 1_000 + day - 1)).toBe(false)
  expect(isAskDue(1_000, 1_000 + day)).toBe(true)
  expect(isAskDue(9_000, 1_000)).toBe(true)
})
