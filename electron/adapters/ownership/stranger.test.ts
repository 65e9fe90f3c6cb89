/** Somebody else on the machine takes the socket of a folder's owner, or connects to it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OwnerPort } from '../../core/outbox/owner-port.ts'
import { readHomeKey } from '../home-key.ts'
import { place, type Place } from '../testing/place.ts'
import { createOwner } from './owner.ts'
import { nameOfFolder, socketName } from './socket-name.ts'

let at: Place
let owners: OwnerPort[]
let servers: Server[]
beforeEach(() => {
  at = place()
  mkdirSync(at.dir)
  owners = []
  servers = []
})
afterEach(async () => {
  for (const owner of owners) await owner.release(at.dir)
  for (const server of servers) server.close()
  at.remove()
})

const owner = (home = at.home, baseUrl = 'http://x'): OwnerPort => {
  const made = createOwner({ home, baseUrl })
  owners.push(made)
  return made
}
const folder = (): string => join(at.workspace, '.claude')
const name = (): string => socketName(nameOfFolder(folder()))
const take = (of: OwnerPort, asked: unknown[] = []) =>
  of.acquire(at.dir, folder(), (request) => {
    asked.push(request)
    return Promise.resolve({ ok: true, value: { delivered: 1 } })
  })
const flush = { what: 'flush', waitMs: 0, lanes: 1 } as const

/** Takes the folder's socket and answers each line as `answer` says. */
async function squat(answer: (line: string) => string | null): Promise<string[]> {
  const heard: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      heard.push(data.toString())
      const said = answer(data.toString())
      if (said !== null) socket.write(`${said}\n`)
    })
  })
  server.listen(name())
  await once(server, 'listening')
  servers.push(server)
  return heard
}

describe('two processes of the same user', () => {
  it('one asks the other, and both have proved themselves', async () => {
    const asked: unknown[] = []
    expect(await take(owner(), asked)).toEqual({ kind: 'this' })
    const other = owner()
    expect(await take(other)).toEqual({ kind: 'other-process' })
    expect(await other.ask(at.dir, flush)).toEqual({ ok: true, value: { delivered: 1 } })
    expect(asked).toEqual([flush])
  })

  it('that send to different APIs: nothing is sent, and it is said', async () => {
    const asked: unknown[] = []
    await take(owner(), asked)
    const other = owner(at.home, 'http://y')
    await take(other)
    expect(await other.ask(at.dir, flush)).toMatchObject({ ok: false, error: { code: 'other-api' } })
    expect(asked).toEqual([])
  })
})

describe("F7: a squatter on the owner's socket", () => {
  it.each<readonly [string, (line: string) => string | null]>([
    [
      'that answers what an owner would',
      () => '{"ok":true,"value":{"delivered":1,"setAside":0,"skipped":0,"waiting":0}}',
    ],
    ['that sends back what it was sent', (line) => line.trim()],
    ['that makes a proof up', () => JSON.stringify({ nonce: '0'.repeat(32), proof: '0'.repeat(64) })],
    ['that says nothing', () => null],
  ])(
    '%s gets no request and no secret, and is said to be no owner',
    async (_, answer) => {
      const heard = await squat(answer)
      const mine = owner()
      expect(await take(mine)).toMatchObject({
        kind: 'other-machine',
        who: expect.stringContaining('cannot prove') as string,
      })
      expect(await mine.ask(at.dir, flush)).toMatchObject({
        ok: false,
        error: { code: 'not-owner', message: expect.stringContaining('cannot prove to be yours') as string },
      })
      const all = heard.join('')
      expect(all).not.toContain(readHomeKey(at.home))
      expect(all).not.toContain('flush')
    },
    15_000,
  )

  it('of another user gets neither', async () => {
    // it changes its user by itself: another one may not be let into the folder that this program lies in
    const script = `if (process.getuid?.() === 0) { process.setgid(65534); process.setuid(65534) }
      require('node:net').createServer(s => s.on('error', () => 0).on('data', d => { process.stdout.write(d); s.write('{"ok":true}\\n') })).listen(${JSON.stringify(name())}, () => process.stdout.write('ready\\n'))`
    const child = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let heard = ''
    child.stdout.on('data', (data: Buffer) => (heard += data.toString()))
    try {
      await once(child.stdout, 'data')
      const mine = owner()
      expect(await take(mine)).toMatchObject({ kind: 'other-machine' })
      expect(await mine.ask(at.dir, flush)).toMatchObject({ ok: false, error: { code: 'not-owner' } })
      expect(heard).not.toContain(readHomeKey(at.home))
      expect(heard).not.toContain('flush')
    } finally {
      child.kill()
      await once(child, 'exit')
    }
  })
})

describe("F7: a stranger who connects to the owner's socket", () => {
  const talk = async (lines: readonly ((answer: string) => string)[]): Promise<string> => {
    const socket = connect(name())
    let heard = ''
    socket.on('data', (data: Buffer) => (heard += data.toString()))
    let answer = ''
    for (const line of lines) {
      socket.write(`${line(answer)}\n`)
      await Promise.race([once(socket, 'data'), once(socket, 'close')])
      answer = heard.trim().split('\n').at(-1) ?? ''
    }
    socket.destroy()
    return heard
  }
  const request = { what: 'discard', id: 'x' }

  it.each<readonly [string, readonly ((answer: string) => string)[]]>([
    [
      'with the secret that an older build sent',
      [() => JSON.stringify({ secret: 'x', baseUrl: 'http://x', request })],
    ],
    [
      'with the owner’s own proof',
      [
        () => JSON.stringify({ nonce: '1'.repeat(32) }),
        (answer) => JSON.stringify({ ...(JSON.parse(answer) as object), baseUrl: 'http://x', request }),
      ],
    ],
    ['with no JSON', [() => 'hello']],
  ])('%s has nothing done, and learns no secret', async (_, lines) => {
    const asked: unknown[] = []
    await take(owner(), asked)
    const heard = await talk(lines)
    expect(asked).toEqual([])
    expect(heard).not.toContain(readHomeKey(at.home))
    expect(heard).toContain('"ok":false')
  })

  it('of another COORD_HOME is told that the owner is not theirs', async () => {
    const asked: unknown[] = []
    await take(owner(), asked)
    const other = owner(join(at.home, 'other'))
    expect(await take(other)).toMatchObject({ kind: 'other-machine' })
    expect(await other.ask(at.dir, flush)).toMatchObject({ ok: false, error: { code: 'not-owner' } })
    expect(asked).toEqual([])
    expect(readFileSync(join(at.home, 'other', 'secret'), 'utf8').trim()).not.toBe(readHomeKey(at.home))
  })
})
