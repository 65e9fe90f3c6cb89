/** The FileSystem port where the platform does half of what it was asked. */
import type * as realFs from 'node:fs'
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Segment } from '../core/outbox/segments/segment.ts'
import { decodeLedger } from '../core/outbox/segments/ledger-format.ts'
import { createFileSystem, createLooks } from './file-system.ts'

/** How many bytes one write takes; 0: as many as there are. A number below 0: the disk is full after that many writes. */
const limit = vi.hoisted(() => ({ bytes: 0, writes: Infinity }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof realFs>()
  return {
    ...fs,
    writeSync(fd: number, buffer: Uint8Array, offset: number, length: number, position: null) {
      if (limit.writes-- <= 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' })
      return fs.writeSync(
        fd,
        buffer,
        offset,
        limit.bytes === 0 ? length : Math.min(limit.bytes, length),
        position,
      )
    },
  }
})

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-fs-'))
})
afterEach(() => {
  Object.assign(limit, { bytes: 0, writes: Infinity })
  rmSync(dir, { recursive: true })
})

describe('a short write', () => {
  it('is carried on until it is whole: the ledger is valid', async () => {
    limit.bytes = 7
    const fs = createFileSystem()
    await fs.writeFile(join(dir, '00000001-a.seg'), Buffer.from('{}\n'))
    const segment = new Segment(fs, dir, '00000001-a', () => undefined)
    await segment.load()
    segment.note({ kind: 'intent', offset: 0, sub: 0, at: 1, attempt: 1 })
    segment.note({ kind: 'checkpoint', offset: 3 })
    expect(await segment.commit()).toMatchObject({ ok: true })
    await segment.close()
    const ledger = decodeLedger(readFileSync(segment.ledgerPath))
    expect(ledger).toMatchObject({ damaged: 0, isTorn: false })
    expect(ledger.records.map((r) => r.kind)).toEqual(['intent', 'checkpoint'])
  })
  it('that ends on a full disk: the next commit starts on a line of its own, and nothing is lost', async () => {
    Object.assign(limit, { bytes: 7, writes: 3 })
    const fs = createFileSystem()
    await fs.writeFile(join(dir, '00000001-a.seg'), Buffer.from('{}\n'))
    const segment = new Segment(fs, dir, '00000001-a', () => undefined)
    await segment.load()
    segment.note({ kind: 'intent', offset: 0, sub: 0, at: 1, attempt: 1 })
    expect(await segment.commit()).toMatchObject({ ok: false, error: { code: 'ENOSPC' } })
    expect(decodeLedger(readFileSync(segment.ledgerPath))).toMatchObject({ records: [], isTorn: true })
    Object.assign(limit, { bytes: 0, writes: Infinity })
    segment.note({ kind: 'checkpoint', offset: 3 })
    expect(await segment.commit()).toMatchObject({ ok: true })
    await segment.close()
    const ledger = decodeLedger(readFileSync(segment.ledgerPath))
    expect(ledger.records.map((r) => r.kind)).toEqual(['intent', 'checkpoint'])
    expect(ledger.damaged).toBe(1)
  })
})

describe('a look at the disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-stat-'))
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('says the same whether the disk was slow or not, and a missing file is a value', async () => {
    const file = join(dir, 'a')
    writeFileSync(file, 'x')
    let at = 0
    let asked = 0
    const held = <T>(look: () => T): T => {
      asked++
      at += 100
      return look()
    }
    const slow = createLooks(
      {
        stat: (path) => held(() => statSync(path, { bigint: true })),
        realPath: (path) => held(() => realpathSync.native(path)),
      },
      () => at,
    )
    const quick = createLooks()
    for (const [i, look] of (['info', 'realPath'] as const).entries()) {
      const first = await slow[look](file)
      // The second goes through the pool: a share that hangs holds the process up once, not each second.
      expect(await slow[look](file)).toEqual(first)
      expect(asked).toBe(2 * i + 1)
      at += 61_000
      await slow[look](file)
      expect(asked).toBe(2 * i + 2)
      at += 61_000
      expect(await quick[look](join(dir, 'none'))).toMatchObject({ ok: false, error: { code: 'ENOENT' } })
      expect(await quick[look](file)).toEqual(first)
    }
  })
})
