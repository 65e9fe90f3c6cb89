/** A second start finds the window of the first, as long as that answers to its key. */
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ok } from '../../shared/result.ts'
import { serveWindow, type LoopbackDeps, type ServedWindow } from './loopback.ts'
import { findRunning, keptAddress, rememberRunning } from './running-window.ts'

let home: string
const deps = (): LoopbackDeps => ({
  windowDir: home,
  dispatch: () => Promise.resolve(ok(null)),
  subscribe: () => () => undefined,
})
let served: ServedWindow
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'coord-running-'))
  served = await serveWindow(deps())
})
afterEach(async () => {
  await served.close()
  rmSync(home, { recursive: true })
})

it('is found, opens once, and is no running window any more when it has ended', async () => {
  expect(await findRunning(home)).toBeNull()
  rememberRunning(home, served.url)
  const found = await findRunning(home)
  expect(found).toMatchObject({ pid: process.pid, url: served.url })
  expect((await fetch(found?.openOnce ?? '', { redirect: 'manual' })).status).toBe(303)
  await served.close()
  expect(await findRunning(home)).toBeNull()
})

it('the next start has the port and the key of the one before; another key where the port is taken', async () => {
  rememberRunning(home, served.url)
  const kept = keptAddress(home)
  const again = { ...deps(), kept }
  const other = await serveWindow(again)
  expect(new URL(other.url).port).not.toBe(new URL(served.url).port)
  expect(new URL(other.url).hash).not.toBe(new URL(served.url).hash)
  await other.close()
  await served.close()
  served = await serveWindow(again)
  expect(keptAddress(home)).toEqual(kept)
  expect(served.url).toBe(`http://127.0.0.1:${kept?.port}/#token=${kept?.token}`)
})

it('the key goes to nobody who has not shown that he knows it', async () => {
  const seen: (string | undefined)[] = []
  const squatter = createServer((asked, answer) => {
    seen.push(asked.headers['x-coord-token'] as string | undefined)
    answer.end('{"url":"http://127.0.0.1/"}')
  })
  await new Promise<void>((done) => squatter.listen(0, '127.0.0.1', done))
  const { port } = squatter.address() as AddressInfo
  rememberRunning(home, served.url.replace(/:\d+\//, `:${port}/`))
  expect(await findRunning(home)).toBeNull()
  expect(seen).toEqual([undefined])
  squatter.closeAllConnections()
  await new Promise((done) => squatter.close(done))
})

it.runIf(process.platform !== 'win32')('a key that others may have read is not used again', () => {
  rememberRunning(home, served.url)
  chmodSync(join(home, 'browser-window.json'), 0o644)
  expect(keptAddress(home)).toBeUndefined()
})

it.runIf(process.platform !== 'win32')('the note is for this user alone', () => {
  const file = join(home, 'browser-window.json')
  writeFileSync(file, 'left by an earlier run', { mode: 0o644 })
  rememberRunning(home, served.url)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

it('a program that is gone, another one on its port, and a broken note are no running window', async () => {
  const file = join(home, 'browser-window.json')
  rememberRunning(home, served.url.replace(/.$/, '-'))
  expect(await findRunning(home)).toBeNull()
  for (const text of ['', 'null', JSON.stringify({ url: 'http://example.org/#token=a', pid: 1 })]) {
    writeFileSync(file, text)
    expect(await findRunning(home)).toBeNull()
  }
  rememberRunning(home, served.url)
  await served.close()
  expect(await findRunning(home)).toBeNull()
})
