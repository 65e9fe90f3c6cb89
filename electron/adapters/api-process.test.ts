/** Serve, join, take over, and the port held by something else: with real processes on 127.0.0.1. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ensureApi, type ApiHandle } from './api-process.ts'
import { silentLog } from '../testing/machine/parts.ts'

const cliPath = resolve(import.meta.dirname, '../cli.ts')
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const temp = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-api-process-'))
  cleanups.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
  return dir
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

async function open(home: string, port: number): Promise<ApiHandle> {
  const { COORD_API_URL: _, ...env } = process.env
  const handle = await ensureApi({ home, port, cliPath, node: process.execPath, env, log: silentLog })
  cleanups.push(() => handle.stop())
  return handle
}

/** The processes that serve a port. */
const servers = (port: number): readonly number[] =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
          .split('\u0000')
          .join(' ')
          .includes(`serve --host 127.0.0.1 --port ${port} `)
      } catch {
        return false
      }
    })
    .map(Number)

async function until(check: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms
  while (!check()) {
    if (performance.now() > end) throw new Error('waited in vain')
    await new Promise((done) => setTimeout(done, 50))
  }
}

test('the first serves, the second joins, and takes over within five seconds when the first goes', async () => {
  const home = temp()
  const port = await freePort()
  const first = await open(home, port)
  expect(first.state().kind).toBe('serving')
  const second = await open(home, port)
  expect(second.state()).toEqual({ kind: 'joined', url: `http://127.0.0.1:${port}` })
  await first.stop()
  await until(() => second.state().kind === 'serving', 5_000)
  const health = (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as Record<string, unknown>
  expect(health['service']).toBe('coord')
})

test('a port held by another program: nothing is served, and a sentence says what to do', async () => {
  const other = createServer((_, response) => response.end('hello'))
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done))
  cleanups.push(() => new Promise((done) => other.close(done)))
  const { port } = other.address() as AddressInfo
  const handle = await open(temp(), port)
  const state = handle.state()
  expect(state.kind).toBe('blocked')
  expect(state.kind === 'blocked' ? state.message : '').toMatch(/another program.*COORD_PORT/)
})

test("another user's API on the port is not joined", async () => {
  const port = await freePort()
  const theirs = await open(temp(), port)
  expect(theirs.state().kind).toBe('serving')
  expect((await open(temp(), port)).state().kind).toBe('blocked')
})

test('the API process that dies is started again', async () => {
  const port = await freePort()
  const handle = await open(temp(), port)
  const states: string[] = []
  handle.onChange((s) => states.push(s.kind))
  for (const pid of servers(port)) process.kill(pid, 'SIGKILL')
  const answers = async (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      (r) => r.ok,
      () => false,
    )
  let isUp = false
  const end = performance.now() + 8_000
  await new Promise((done) => setTimeout(done, 100))
  while (!isUp && performance.now() < end) isUp = await answers()
  expect(isUp).toBe(true)
})
