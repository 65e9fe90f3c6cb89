/** What loading a segment asks of the disk. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFileSystem } from '../../../adapters/file-system.ts'
import type { FileSystem } from '../../ports.ts'
import { encodeRecords } from './ledger-format.ts'
import type { LedgerRecord } from './ledger-records.ts'
import { Segment } from './segment.ts'

let dir = ''
beforeEach(() => void (dir = mkdtempSync(join(tmpdir(), 'coord-segment-'))))
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Loads a segment whose ledger holds so many records; says how large a ledger that is, and how many bytes were asked for. */
async function load(count: number): Promise<{ ledger: number; asked: number; segment: Segment }> {
  const name = '00000001-aaaaaaaaaa'
  writeFileSync(join(dir, `${name}.seg`), 'x'.repeat(count))
  const all: LedgerRecord[] = Array.from({ length: count }, (_, offset) => ({
    kind: 'skipped',
    offset,
    sub: 0,
    at: 1,
    reason: 'read',
  }))
  writeFileSync(join(dir, `${name}.led`), encodeRecords(all))
  const real = createFileSystem()
  let asked = 0
  const fs: FileSystem = {
    ...real,
    async openRead(path) {
      const opened = await real.openRead(path)
      if (!opened.ok) return opened
      const file = opened.value
      const readAt: typeof file.readAt = (offset, length) => {
        asked += length
        return file.readAt(offset, length)
      }
      return { ok: true, value: { ...file, readAt } }
    },
  }
  const segment = new Segment(fs, dir, name, () => undefined)
  expect((await segment.load()).ok).toBe(true)
  return { ledger: statSync(join(dir, `${name}.led`)).size, asked, segment }
}

it('a short ledger costs a short buffer: there may be thousands of them', async () => {
  const { ledger, asked, segment } = await load(20)
  expect(segment.skipped.size).toBe(20)
  expect(ledger).toBeLessThan(4_096)
  expect(asked).toBeLessThanOrEqual(16_384)
})
it('a long one is read whole, in few pieces', async () => {
  const { ledger, asked, segment } = await load(20_000)
  expect(segment.skipped.size).toBe(20_000)
  expect(ledger).toBeGreaterThan(1_000_000)
  expect(asked).toBeLessThan(ledger + 512 * 1024)
})
