/** Format 1 on disk, to the byte, as the build of 24 November wrote it: old ledgers are read, and new ones by that build. */
import { describe, expect, it } from 'vitest'
import { crc32, decodeLedger, encodeRecords } from './ledger-format.ts'
import type { LedgerRecord } from './ledger-records.ts'

const here = { offset: 0, sub: 1 }
const written: readonly (readonly [line: string, record: LedgerRecord])[] = [
  [
    '{"t":"header","v":1,"at":1,"identity":"1:2","size":3,"mtime":4.5,"origin":"again","from":"00000001-a.0.0"}\t54a9374b',
    {
      kind: 'header',
      version: 1,
      at: 1,
      identity: '1:2',
      size: 3,
      mtime: 4.5,
      origin: 'again',
      replaces: '00000001-a.0.0',
    },
  ],
  ['{"t":"seen","o":10,"at":null}\t3660adef', { kind: 'first-seen', offset: 10, at: null }],
  ['{"t":"seen","o":20,"at":9}\t375148fb', { kind: 'first-seen', offset: 20, at: 9 }],
  ['{"t":"intent","o":0,"s":1,"at":5,"n":2}\tf40fc8b9', { kind: 'intent', ...here, at: 5, attempt: 2 }],
  ['{"t":"unsent","o":0,"s":1}\t77ac4194', { kind: 'unsent', ...here }],
  [
    '{"t":"retry","o":0,"s":1,"at":6,"st":500,"healthy":true}\tb42410c6',
    { kind: 'retry', ...here, at: 6, status: 500, isHealthy: true },
  ],
  [
    '{"t":"delivered","o":0,"s":0,"at":6,"st":201,"h":"ab","k":"cd","z":"","note":"found applied","lock":"7","comp":["component:p:web",null]}\t2f92b144',
    {
      kind: 'delivered',
      offset: 0,
      sub: 0,
      at: 6,
      status: 201,
      lineHash: 'ab',
      resourceHash: 'cd',
      sessionHash: '',
      note: 'found applied',
      lock: '7',
      component: ['component:p:web', null],
    },
  ],
  [
    '{"t":"skipped","o":9,"s":2,"at":7,"reason":"expired"}\t798cafb0',
    { kind: 'skipped', offset: 9, sub: 2, at: 7, reason: 'expired' },
  ],
  [
    '{"t":"gone","o":9,"s":1,"at":8,"why":"discarded"}\t9c7ced25',
    { kind: 'resolved', offset: 9, sub: 1, at: 8, how: 'discarded' },
  ],
  ['{"t":"kept","o":9,"s":1}\tfbbd4855', { kind: 'resolution-reverted', offset: 9, sub: 1 }],
  ['{"t":"reread","n":2}\t4c4c3b18', { kind: 'damage-noted', lines: 2 }],
  ['{"t":"upto","o":12}\tdc003dc9', { kind: 'checkpoint', offset: 12 }],
  ['{"t":"end","o":10,"at":8}\tae3f50c3', { kind: 'end', offset: 10, at: 8 }],
]
const text = (records: readonly LedgerRecord[]): string => Buffer.from(encodeRecords(records)).toString()
const read = (line: string): readonly LedgerRecord[] => decodeLedger(Buffer.from(`${line}\n`)).records

describe('format 1', () => {
  it.each(written)('%s', (line, record) => {
    expect(read(line)).toEqual([record])
    expect(text([record])).toBe(`${line}\n`)
  })

  it('knows a kind of a newer build as unknown, and goes on behind it', () => {
    const line = '{"t":"later","o":3}'
    const bytes = `${line}\t${crc32(Buffer.from(line))}\n${text([{ kind: 'checkpoint', offset: 12 }])}`
    expect(decodeLedger(Buffer.from(bytes))).toMatchObject({
      records: [{ kind: 'unknown' }, { kind: 'checkpoint', offset: 12 }],
      damaged: 0,
    })
  })

  it('a set-aside call has its words, which that build reads, and its code beside them', () => {
    const reason = 'held by O/x (the API answered 409: no)'
    const record: LedgerRecord = {
      kind: 'set-aside',
      offset: 9,
      sub: 1,
      at: 7,
      cause: 'held',
      reason,
      status: 409,
    }
    const old = `{"t":"aside","o":9,"s":1,"at":7,"reason":"${reason}","st":409}\t86abb9de`
    expect(read(old)).toEqual([record])
    const line = text([record])
    expect(JSON.parse(line.slice(0, line.lastIndexOf('\t')))).toEqual({
      ...(JSON.parse(old.slice(0, old.lastIndexOf('\t'))) as object),
      c: 'held',
    })
    expect(read(line.trim())).toEqual([record])
  })
})
