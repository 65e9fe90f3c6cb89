import { describe, expect, it } from 'vitest'
import type { HttpOutcome } from '../ports.ts'
import { classify, looksLikeApi } from './classify-answer.ts'

const answer = (
  status: number,
  text = '{}',
  headers: Record<string, string> = { 'content-type': 'application/json' },
  isCut = false,
): HttpOutcome => ({ kind: 'answer', status, headers, text, isCut })
describe('classify', () => {
  it.each([
    [200, 'delivered'],
    [201, 'delivered'],
    [204, 'delivered'],
    [301, 'wrong-answer'],
    [302, 'wrong-answer'],
    [304, 'wrong-answer'],
    [307, 'wrong-answer'],
    [400, 'aside'],
    [401, 'ask'],
    [402, 'aside'],
    [403, 'ask'],
    [404, 'ask'],
    [405, 'ask'],
    [407, 'ask'],
    [408, 'trouble'],
    [409, 'conflict'],
    [410, 'ask'],
    [413, 'aside'],
    [414, 'aside'],
    [415, 'aside'],
    [418, 'aside'],
    [422, 'aside'],
    [425, 'trouble'],
    [429, 'trouble'],
    [451, 'aside'],
    [500, 'trouble'],
    [501, 'aside'],
    [502, 'trouble'],
    [503, 'trouble'],
    [504, 'trouble'],
    [505, 'trouble'],
    [599, 'trouble'],
    [199, 'wrong-answer'],
  ])('%d → %s', (status, kind) => {
    expect(classify(answer(status), 0).kind).toBe(kind)
  })
  it.each([503, 429])('%d with Retry-After → wait', (status) => {
    expect(classify(answer(status, '', { 'retry-after': '3' }), 0)).toMatchObject({
      kind: 'wait',
      waitMs: 3_000,
    })
    expect(classify(answer(status, '{"retry_after":3}', {}), 0)).toMatchObject({
      kind: 'wait',
      waitMs: 3_000,
    })
  })
  it('unreachable is offline, the rest in doubt', () => {
    expect(classify({ kind: 'unreachable', detail: 'x' }, 0).kind).toBe('offline')
    expect(classify({ kind: 'in-doubt', detail: 'x' }, 0).kind).toBe('in-doubt')
  })
  it.each([
    ['', undefined, false, true],
    ['{"a":1}', undefined, false, true],
    ['{"a":1}', 'application/json', false, true],
    ['<html>', 'text/html', false, false],
    ['{"a":1}', 'text/html', false, false],
    ['<!doctype html>', undefined, false, false],
    ['OK', 'text/plain', false, false],
    ['{"a', 'application/json', false, false],
    ['[1,2', 'application/json', true, true],
    ['[1,2', 'text/plain', true, false],
    ['<html', 'application/json', true, false],
    ['', 'text/html', false, false],
  ])('looksLikeApi(%j, %j, cut %j) = %j', (text, type, cut, expected) => {
    expect(looksLikeApi(text, type, cut)).toBe(expected)
  })
})
