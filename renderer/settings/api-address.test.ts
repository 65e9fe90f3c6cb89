import { expect, it } from 'vitest'
import { explainAddress, isAddress } from './api-address.ts'

it('takes http and https addresses, with a port and a path', () => {
  for (const text of ['http://coord.test:8001', ' https://h/team ', 'http://[::1]:8001', 'http://127.0.0.1'])
    expect(isAddress(text), text).toBe(true)
})

it('explains what is none, and says nothing before something was typed', () => {
  for (const text of [
    'coord.test',
    'http://',
    'ftp://h',
    'localhost:8001',
    'http://a:b@h',
    'http://h/?q=1',
    'http://h/#x',
  ]) {
    expect(explainAddress(text), text).toMatch(/\.$/)
    expect(isAddress(text), text).toBe(false)
  }
  expect(explainAddress('')).toBeUndefined()
  expect(isAddress('')).toBe(false)
})
