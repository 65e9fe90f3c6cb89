/** The log: rotated by size, one line an entry, secrets out of every file of it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog, redact } from './log.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'coord-log-'))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('rotates at a megabyte into one older file; neither holds a secret', () => {
  const log = createLog(home, ['s3cr3t-token'])
  for (let n = 0; n < 400; n++)
    log.info(`line ${n}`, { note: `s3cr3t-token ${'x'.repeat(7_500)}`, authorization: 'Bearer abc.def' })
  const dir = dirname(log.file)
  const files = readdirSync(dir)
  expect(files).toHaveLength(2)
  for (const name of files) {
    expect(statSync(join(dir, name)).size).toBeLessThan(1.1 * 1024 * 1024)
    const text = readFileSync(join(dir, name), 'utf8')
    expect(text).not.toMatch(/s3cr3t|abc\.def/)
  }
  expect(readFileSync(log.file, 'utf8')).toContain('line 399')
})

test('text from elsewhere cannot forge a line', () => {
  const log = createLog(home)
  log.warn('a\n2026-01-01T00:00:00.000 error "forged"', { b: 'c\r\nd' })
  expect(readFileSync(log.file, 'utf8').trimEnd().split('\n')).toHaveLength(1)
})

test('takes time in proportion to the text, whatever it is made of', () => {
  for (const part of ['x', 'bearer ', 'a://', '://a:', '?token', 'basic basic', '@:/'])
    expect(
      fastest(() => redact(part.repeat(400_000 / part.length))),
      part,
    ).toBeLessThan(200)
})

/** Of three: another test may have the processor. */
const fastest = (task: () => unknown): number =>
  Math.min(
    ...[1, 2, 3].map(() => {
      const startedAt = performance.now()
      task()
      return performance.now() - startedAt
    }),
  )

test('what is no JSON, and a folder that cannot be written, end nothing', () => {
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  expect(() => createLog(home).error('odd', { loop, big: 1n })).not.toThrow()
  const file = join(home, 'file')
  writeFileSync(file, '')
  // electron-log itself says so once on stderr
  expect(() => createLog(file).error('nowhere')).not.toThrow()
})

test('user info, tokens in queries and bearer words are taken out', () => {
  const text = redact('http://u:p@h/x?token=abc&a=1 Authorization: Basic dXNlcg== access_token=no')
  expect(text).not.toMatch(/u:p|abc|dXNlcg/)
  expect(text).toContain('a=1')
})
