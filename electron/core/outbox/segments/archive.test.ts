/** Memory of what was sent: finished segments are put away, found again when they grow, and gone after their week. */
import * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { world, type World } from '../../../adapters/testing/world.ts'
import { FakeApi } from '../../../testing/machine/api.ts'

const HOUR = 3_600_000
let root = ''
let api: FakeApi
let w: World
const queue = (): string => join(root, '.claude/coord-queue.jsonl')
const folder = (): string => join(root, '.claude/.coord-outbox')
const segments = (): string[] => fs.readdirSync(folder()).filter((name) => name.endsWith('.seg'))
const line = (subject: string): string =>
  `${JSON.stringify({ method: 'POST', path: '/api/coord/messages', body: { from_session: 'M/a', project_key: 'p', subject } })}\n`
const send = async (text: string): Promise<void> => {
  fs.appendFileSync(queue(), text)
  await w.box.flush({ waitMs: 0, lanes: 1 })
}
const subjects = (): unknown[] => api.messages.map((m) => m['subject'])
const descriptors = (): string[] =>
  fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = fs.readlinkSync(`/proc/self/fd/${fd}`)
      return path.startsWith(root) ? [path] : []
    } catch {
      return []
    }
  })

beforeEach(async () => {
  root = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), 'coord-archive-')))
  fs.mkdirSync(join(root, '.claude'))
  api = new FakeApi()
  w = world(root, api)
  await w.box.start()
})
afterEach(async () => {
  await w.box.stop()
  fs.rmSync(root, { recursive: true, force: true })
})

/** Three finished segments, an hour ago, and more after them than a front shows. */
async function anHourOfWork(): Promise<void> {
  for (let i = 0; i < 3; i++) await send(line(`old ${i}`))
  w.clockMs += HOUR
  await send(Array.from({ length: 60 }, (_, i) => line(`new ${i}`)).join(''))
}

describe('finished segments', () => {
  it('still count when they are put away, for the next process too', async () => {
    await anHourOfWork()
    await send(line('next'))
    expect(await w.box.summary()).toMatchObject({ delivered: 64, waiting: 0, setAsideCount: 0 })
    expect((await w.box.summary()).lately).toHaveLength(50)
    await w.box.stop()
    w = world(root, api, w.clockMs)
    await w.box.start()
    expect(await w.box.summary()).toMatchObject({ delivered: 64, waiting: 0, setAsideCount: 0 })
  })

  it('are opened again by a late line, which is sent once', async () => {
    await anHourOfWork()
    const first = segments().sort()[0] ?? ''
    fs.appendFileSync(join(folder(), first), line('late'))
    w.clockMs += 2 * 60_000
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect(subjects().filter((s) => s === 'late')).toHaveLength(1)
    expect(subjects().filter((s) => s === 'old 0')).toHaveLength(1)
    expect((await w.box.summary()).delivered).toBe(64)
  })

  it('stay known while a second name of their bytes is left: put back as the queue file, nothing is sent again', async () => {
    const backup = join(root, 'backup.jsonl')
    fs.writeFileSync(queue(), '')
    fs.linkSync(queue(), backup)
    await anHourOfWork()
    await send(line('next'))
    const known = segments()
    fs.renameSync(backup, queue())
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect(subjects().filter((s) => s === 'old 0')).toHaveLength(1)
    expect(segments()).toEqual(known)
    expect(fs.existsSync(queue())).toBe(false)
  })

  it('never give their number to another one', async () => {
    await anHourOfWork()
    await send(line('next'))
    const numbers = segments().map((name) => name.split('-', 1)[0])
    expect(new Set(numbers).size).toBe(numbers.length)
  })

  it('are gone a week after their last call, ledger and all', async () => {
    await anHourOfWork()
    w.clockMs += 8 * 24 * HOUR
    await send(line('next week'))
    expect(segments()).toHaveLength(1)
    expect(fs.readdirSync(folder()).filter((name) => name.endsWith('.led'))).toHaveLength(1)
    expect((await w.box.summary()).delivered).toBe(1)
  })

  it('stay at hand while something in them is set aside', async () => {
    await send('no json\n')
    await anHourOfWork()
    const [call] = await w.box.list('set-aside', 1)
    expect(call?.raw).toBe('no json')
    expect(await w.box.discard(call?.id ?? '')).toEqual({ ok: true, value: null })
    expect((await w.box.summary()).setAsideCount).toBe(0)
  })

  it('hold no descriptor, not after a call in them was discarded either', async () => {
    await send('no json\n')
    const [call] = (await w.box.summary()).setAside
    expect(await w.box.discard(call?.id ?? '')).toEqual({ ok: true, value: null })
    expect(descriptors()).toEqual([])
  })
})
