/** An owner that another process is: its end is told at once, and until then nobody tries to take the folder. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { OwnerPort, OwnerState } from '../../core/outbox/owner-port.ts'
import { GOES_ON, processThatTakes } from '../testing/owner-process.ts'
import { place, type Place } from '../testing/place.ts'
import { serveAsker } from './owner-talk.ts'
import { createOwner } from './owner.ts'
import { nameOfFolder, socketName } from './socket-name.ts'

let at: Place
let owners: OwnerPort[]
let mono: number
/** How often a follower was told that the owner has let go. */
let told: number
beforeEach(() => {
  at = place()
  mkdirSync(at.dir)
  owners = []
  mono = 1_000
  told = 0
})
afterEach(async () => {
  for (const owner of owners) {
    owner.leave?.(at.dir)
    await owner.release(at.dir)
  }
  at.remove()
})

const claude = (): string => join(at.workspace, '.claude')
const owner = (identify?: (folder: string) => string | undefined): OwnerPort => {
  const monotonic = (): number => mono
  const made = createOwner({
    home: at.home,
    baseUrl: 'http://x',
    monotonic,
    ...(identify ? { identify } : {}),
  })
  owners.push(made)
  return made
}
const take = (by: OwnerPort, parent = claude()): Promise<OwnerState> =>
  by.acquire(
    join(parent, '.coord-outbox'),
    parent,
    () => Promise.resolve({ ok: true, value: null }),
    () => void told++,
  )
const isElsewhere = (by: OwnerPort): boolean | undefined => by.isElsewhere?.(at.dir)

/** Listens as an owner does, and closes nothing by itself: what an older build is. */
async function olderOwner(
  onSocket: (socket: Socket) => void = () => undefined,
): Promise<{ readonly server: Server; readonly connected: Socket[] }> {
  const folder = nameOfFolder(claude())
  const connected: Socket[] = []
  const server = createServer((socket) => {
    connected.push(socket)
    const answer = () => Promise.resolve({ ok: true as const, value: null })
    void serveAsker({ home: at.home, baseUrl: 'http://x' }, socket, folder, answer)
    onSocket(socket)
  })
  server.listen(socketName(folder))
  await once(server, 'listening')
  return { server, connected }
}

it('that lets go: told once, and the next one has the folder', async () => {
  const [first, second] = [owner(), owner()]
  await take(first)
  expect(await take(second)).toEqual({ kind: 'other-process' })
  expect([isElsewhere(first), isElsewhere(second)]).toEqual([false, true])
  mono += 5_000
  await first.release(at.dir)
  await expect.poll(() => told).toBe(1)
  expect(isElsewhere(second)).toBe(false)
  expect(await take(second)).toEqual({ kind: 'this' })
  await second.release(at.dir)
  expect(told).toBe(1)
})

it('that is killed: told', async () => {
  const child = processThatTakes(at, GOES_ON)
  await once(child.stdout, 'data')
  const follower = owner()
  expect(await take(follower)).toEqual({ kind: 'other-process' })
  mono += 5_000
  child.kill('SIGKILL')
  await expect.poll(() => told).toBe(1)
  expect(await take(follower)).toEqual({ kind: 'this' })
})

it('that lets go and keeps the connection, as older builds do: the folder is tried again after 30 s', async () => {
  const theirs = await olderOwner()
  const follower = owner()
  await take(follower)
  mono += 29_999
  expect(isElsewhere(follower)).toBe(true)
  mono += 1
  expect(isElsewhere(follower)).toBe(false)
  // it still listens
  expect(await take(follower)).toEqual({ kind: 'other-process' })
  expect(isElsewhere(follower)).toBe(true)
  expect(theirs.connected).toHaveLength(1)
  theirs.server.close()
  mono += 30_000
  expect(await take(follower)).toEqual({ kind: 'this' })
  // the connection to who was the owner is given up
  await expect.poll(() => theirs.connected[0]?.destroyed).toBe(true)
  expect(told).toBe(0)
})

it('that hangs up on everybody at once is not asked again before the next look', async () => {
  const theirs = await olderOwner((socket) => setTimeout(() => socket.destroy(), 50))
  const follower = owner()
  await take(follower)
  await expect.poll(() => isElsewhere(follower)).toBe(false)
  expect(told).toBe(0)
  theirs.server.close()
})

it('is left: nothing is told any more, and the owner knows of nobody', async () => {
  const theirs = await olderOwner()
  const follower = owner()
  await take(follower)
  mono += 5_000
  follower.leave?.(at.dir)
  await expect.poll(() => theirs.connected[0]?.destroyed).toBe(true)
  expect([isElsewhere(follower), told]).toEqual([false, 0])
  theirs.server.close()
})

it('is asked while it is followed', async () => {
  const [first, second] = [owner(), owner()]
  await take(first)
  await take(second)
  for (let i = 0; i < 2; i++)
    expect(await second.ask(at.dir, { what: 'discard', id: 'x' })).toEqual({ ok: true, value: null })
  expect(isElsewhere(second)).toBe(true)
})

it('a process that follows an owner ends all the same', async () => {
  await take(owner())
  const child = processThatTakes(at, '')
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  expect(String(said).trim()).toBe('other-process')
  await once(child, 'exit')
})

describe('an owner that has the folder under another path', () => {
  let isSame = true
  // what a bind mount looks like, which a test cannot make
  const mounted = (folder: string): string => `${at.root} ${isSame} ${folder.endsWith('.claude')}`
  const elsewhere = (): string => join(at.root, 'mounted', '.claude')
  const dir = (): string => join(elsewhere(), '.coord-outbox')
  beforeEach(() => {
    isSame = true
    mkdirSync(dir(), { recursive: true })
  })

  it('that lets go: told', async () => {
    const [first, second] = [owner(mounted), owner(mounted)]
    await take(first)
    expect(await take(second, elsewhere())).toEqual({ kind: 'other-process' })
    mono += 5_000
    await first.release(at.dir)
    await expect.poll(() => told).toBe(1)
    expect(await take(second, elsewhere())).toEqual({ kind: 'this' })
    await second.release(dir())
  })

  it('whose folder is another one by now, while it goes on: told', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    const [first, second] = [
      owner(mounted),
      owner((folder) => `${at.root} true ${folder.endsWith('.claude')}`),
    ]
    await take(first)
    await take(second, elsewhere())
    expect(second.isElsewhere?.(dir())).toBe(true)
    mono += 5_000
    isSame = false
    vi.advanceTimersByTime(5_001)
    vi.useRealTimers()
    await expect.poll(() => told).toBe(1)
    expect(await take(second, elsewhere())).toEqual({ kind: 'this' })
    await second.release(dir())
  })
})

it('somebody who says more than any owner would, and no line of it, is cut off', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    const pour = (): void => {
      while (socket.writable && socket.write(Buffer.alloc(1 << 20, 'x')));
      socket.once('drain', pour)
    }
    pour()
  })
  server.listen(socketName(nameOfFolder(claude())))
  await once(server, 'listening')
  const before = process.memoryUsage().rss
  await take(owner())
  expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  server.close()
})
