/** One owner a folder: between processes, between kernels that share it, and where the lease cannot be written. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { OwnerPort, OwnerState } from '../../core/outbox/owner-port.ts'
import { serveAsker } from './owner-talk.ts'
import { createOwner } from './owner.ts'
import { isListenedTo } from './socket-name.ts'
import { GOES_ON, processThatTakes } from '../testing/owner-process.ts'
import { place, type Place } from '../testing/place.ts'

let at: Place
let mono: number
let owners: OwnerPort[]
beforeEach(() => {
  at = place()
  mkdirSync(at.dir)
  mono = 1_000
  owners = []
})
afterEach(async () => {
  vi.useRealTimers()
  for (const o of owners) await o.release(at.dir)
  at.remove()
})
const owner = (): OwnerPort => {
  const made = createOwner({ home: at.home, baseUrl: 'http://x', monotonic: () => mono })
  owners.push(made)
  return made
}
const take = (o: OwnerPort): Promise<OwnerState> =>
  o.acquire(at.dir, join(at.workspace, '.claude'), () => Promise.resolve({ ok: true, value: null }))
const file = (): string => join(at.dir, 'lease.json')
const lease = (): { epoch: number; instance: string; kernel: string; at: string } =>
  JSON.parse(readFileSync(file(), 'utf8')) as { epoch: number; instance: string; kernel: string; at: string }
const foreign = (more: object = {}): void =>
  writeFileSync(
    file(),
    JSON.stringify({
      epoch: 7,
      instance: 'theirs',
      kernel: 'another',
      host: 'WSL',
      pid: 1,
      at: '2026-01-01T00:00:00Z',
      ...more,
    }),
  )

describe('a lease of another kernel', () => {
  it('is respected until it has not changed for 60 s of our own clock, and then taken over with a higher epoch', async () => {
    foreign()
    const o = owner()
    expect(await take(o)).toEqual({ kind: 'other-machine', who: 'WSL' })
    mono += 59_999
    expect(await take(o)).toMatchObject({ kind: 'other-machine' })
    mono += 2
    expect(await take(o)).toEqual({ kind: 'this' })
    expect(lease()).toMatchObject({ epoch: 8 })
    expect(lease().kernel).not.toBe('another')
    expect(o.isStillOwner(at.dir)).toBe(true)
  })
  it('that is renewed is never taken over, however old its own clock says it is', async () => {
    const o = owner()
    for (let i = 0; i < 10; i++) {
      foreign({ at: `1999-01-01T00:00:0${i}Z` })
      expect(await take(o)).toMatchObject({ kind: 'other-machine' })
      mono += 40_000
    }
  })
  it('that appears over ours ends our ownership before the next send; nothing of it is overwritten or removed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const o = owner()
    await take(o)
    expect(o.isStillOwner(at.dir)).toBe(true)
    foreign({ epoch: lease().epoch + 1 })
    expect(o.isStillOwner(at.dir)).toBe(false)
    expect(o.fault?.(at.dir)).toBeUndefined()
    vi.advanceTimersByTime(20_000)
    expect(lease().instance).toBe('theirs')
    await o.release(at.dir)
    expect(lease().instance).toBe('theirs')
  })
  it('with the very same epoch, taken at the same instant: the one that wrote last has it, and we do not write over it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const o = owner()
    await take(o)
    foreign({ epoch: lease().epoch })
    vi.advanceTimersByTime(20_000)
    expect(lease().instance).toBe('theirs')
    expect(o.isStillOwner(at.dir)).toBe(false)
  })
  it.each(['', '{', '[]', '{"epoch":"x"}'])('that is garbage (%j) stops nobody', async (text) => {
    writeFileSync(file(), text)
    expect(await take(owner())).toEqual({ kind: 'this' })
    expect(lease().epoch).toBe(1)
  })
})

describe('our own lease', () => {
  it('is renewed, and made anew where somebody removed it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const o = owner()
    await take(o)
    rmSync(file())
    vi.advanceTimersByTime(5_001)
    expect(lease().epoch).toBe(1)
    rmSync(file())
    expect(o.isStillOwner(at.dir)).toBe(true)
    expect(lease().epoch).toBe(1)
  })
  it('is renewed in place: the folder looks as before, and nothing is synced', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    const o = owner()
    await take(o)
    const seen = (): unknown => [statSync(at.dir).mtimeMs, statSync(file()).ino, readdirSync(at.dir)]
    const before = { at: lease().at, seen: seen() }
    vi.advanceTimersByTime(5_001)
    expect(lease().at).not.toBe(before.at)
    expect(seen()).toEqual(before.seen)
    expect(o.isStillOwner(at.dir)).toBe(true)
  })
  it('that cannot be written is said as a fault, leaves no draft behind, and ends by itself', async () => {
    // a folder in its place: what a read-only folder is to somebody who is not root
    mkdirSync(join(file(), 'x'), { recursive: true })
    const o = owner()
    expect(await take(o)).toEqual({ kind: 'this' })
    expect(o.isStillOwner(at.dir)).toBe(false)
    expect(o.fault?.(at.dir)).toMatchObject({ path: file(), op: 'writing the lease' })
    expect(readdirSync(at.dir)).toEqual(['lease.json'])
    rmSync(file(), { recursive: true })
    expect(o.isStillOwner(at.dir)).toBe(true)
    expect(o.fault?.(at.dir)).toBeUndefined()
  })
  it('in a folder that is gone is no fault', async () => {
    const o = owner()
    await take(o)
    rmSync(at.dir, { recursive: true })
    expect(o.isStillOwner(at.dir)).toBe(false)
    expect(o.fault?.(at.dir)).toBeUndefined()
    await o.release(at.dir)
  })
})

describe('one kernel', () => {
  it('two in one process: the second watches, and releases nothing of the first', async () => {
    const o = owner()
    expect(await take(o)).toEqual({ kind: 'this' })
    expect(await take(o)).toEqual({ kind: 'other-process' })
    const both = owner()
    expect(await take(both)).toEqual({ kind: 'other-process' })
    await both.release(at.dir)
    expect(o.isStillOwner(at.dir)).toBe(true)
  })
  it('two that ask at the same instant: one has it', async () => {
    const o = owner()
    const kinds = (await Promise.all([take(o), take(o), take(owner())])).map((s) => s.kind)
    expect(kinds.filter((k) => k === 'this')).toHaveLength(1)
  })
  it('letting go in the middle of an answer: the one that asked gets it, and the next one is the owner', async () => {
    const [o, asker] = [owner(), owner()]
    const parent = join(at.workspace, '.claude')
    await o.acquire(at.dir, parent, async () => {
      await o.release(at.dir)
      return { ok: true, value: 'done' }
    })
    expect(await take(asker)).toEqual({ kind: 'other-process' })
    expect(await asker.ask(at.dir, { what: 'flush', waitMs: 0, lanes: 1 })).toEqual({
      ok: true,
      value: 'done',
    })
    await expect.poll(async () => (await take(asker)).kind).toBe('this')
  })
  it('the owner is killed: the next one that looks takes over', async () => {
    const child = processThatTakes(at, GOES_ON)
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    expect(String(said).trim()).toBe('this')
    const o = owner()
    expect(await take(o)).toEqual({ kind: 'other-process' })
    const epoch = lease().epoch
    child.kill('SIGKILL')
    await once(child, 'exit')
    // the kernel took the socket away with the process: the very next look has it
    expect(await take(o)).toEqual({ kind: 'this' })
    expect(lease().epoch).toBe(epoch + 1)
  })
})

describe.runIf(process.platform === 'linux')(
  'an owner inside the preview runtime (Node 16), which has a socket file',
  () => {
    it('is seen and asked; once it is gone, its file left behind stops nobody', async () => {
      const hash = createHash('sha256').update(join(at.workspace, '.claude')).digest('hex').slice(0, 32)
      const path = join(tmpdir(), `coord-${userInfo().uid}-${hash}.sock`)
      const connected: Socket[] = []
      const theirs = createServer((socket) => {
        connected.push(socket)
        const answer = () => Promise.resolve({ ok: true as const, value: 'theirs' })
        void serveAsker({ home: at.home, baseUrl: 'http://x' }, socket, hash, answer)
      })
      theirs.listen(path)
      await once(theirs, 'listening')
      const o = owner()
      expect(await take(o)).toEqual({ kind: 'other-process' })
      expect(await o.ask(at.dir, { what: 'discard', id: 'x' })).toEqual({ ok: true, value: 'theirs' })
      theirs.close()
      for (const socket of connected) socket.destroy()
      await once(theirs, 'close')
      writeFileSync(path, '')
      expect(await take(o)).toEqual({ kind: 'this' })
      rmSync(path, { force: true })
    })

    it('sees an owner with an abstract socket, as the kernel lists it', async () => {
      const name = `coord-test-${process.pid}`
      expect(isListenedTo(name)).toBe(false)
      const server = createServer()
      server.listen(`\0${name}`)
      await once(server, 'listening')
      expect(isListenedTo(name)).toBe(true)
      expect(isListenedTo(name.slice(0, -1))).toBe(false)
      server.close()
    })
  },
)

describe('a folder under two paths', () => {
  const [there, here] = ['there', 'here']
  const dirOf = (name: string): string => join(at.root, name, '.claude', '.coord-outbox')
  const parentOf = (name: string): string => join(at.root, name, '.claude')
  const reached = (identify?: (folder: string) => string | undefined): OwnerPort => {
    const made = createOwner({ home: at.home, baseUrl: 'http://x', ...(identify ? { identify } : {}) })
    owners.push(made)
    return made
  }
  const takeAs = (o: OwnerPort, name: string, said: unknown = null): Promise<OwnerState> =>
    o.acquire(dirOf(name), parentOf(name), () => Promise.resolve({ ok: true, value: said }))
  beforeEach(() => {
    for (const name of [there, here]) mkdirSync(parentOf(name), { recursive: true })
  })
  afterEach(async () => {
    for (const o of owners) for (const name of [there, here]) await o.release(dirOf(name))
  })

  it('a bind mount: one owner, which does what is asked for by the other path, and is followed when it ends', async () => {
    const mounted = (folder: string): string => `${at.root} ${folder.endsWith('.claude') ? 'all' : 'outbox'}`
    const [o, other] = [reached(mounted), reached(mounted)]
    expect(await takeAs(o, there, 'done there')).toEqual({ kind: 'this' })
    expect(await takeAs(other, here)).toEqual({ kind: 'other-process' })
    const asked = await other.ask(dirOf(here), { what: 'flush', waitMs: 0, lanes: 1 })
    expect(asked).toEqual({ ok: true, value: 'done there' })
    await o.release(dirOf(there))
    expect(await takeAs(other, here)).toEqual({ kind: 'this' })
  })

  it('an outbox folder that is a link to that of another project: the second sends nothing, and says why', async () => {
    mkdirSync(dirOf(there))
    symlinkSync(dirOf(there), dirOf(here), 'junction')
    const [o, other] = [reached(), reached()]
    expect(await takeAs(o, there)).toEqual({ kind: 'this' })
    expect(await takeAs(other, here)).toEqual({
      kind: 'other-machine',
      who: 'another project, whose .coord-outbox is the same folder',
    })
    expect(o.isStillOwner(dirOf(there))).toBe(true)
    await o.release(dirOf(there))
    expect(await takeAs(other, here)).toEqual({ kind: 'this' })
  })

  it('that was moved while its owner ran: whoever has it by its new path owns it', async () => {
    mkdirSync(dirOf(there))
    const [o, other] = [reached(), reached()]
    expect(await takeAs(o, there)).toEqual({ kind: 'this' })
    rmSync(parentOf(here), { recursive: true })
    renameSync(parentOf(there), parentOf(here))
    expect(await takeAs(other, here)).toEqual({ kind: 'this' })
    expect(other.isStillOwner(dirOf(here))).toBe(true)
  })
})
