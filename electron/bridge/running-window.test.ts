/** A second start finds the window of the first, as long as that answers to its key. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ok } from '../../shared/result.ts'
import { serveWindow, type ServedWindow } from './loopback.ts'
import { findRunning, rememberRunning } from './running-window.ts'

let home: string
let served: ServedWindow
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'coord-running-'))
  served = await serveWindow({
    windowDir: home,
    dispatch: () => Promise.resolve(ok(null)),
    subscribe: () => () => undefined,
  })
})
afterEach(async () => {
  await served.close()
  rmSync(home, { recursive: true })
})

it('is found, opens once, and is forgotten when it ends', async () => {
  expect(await findRunning(home)).toBeNull()
  const forget = rememberRunning(home, served.url)
  const found = await findRunning(home)
  expect(found).toMatchObject({ pid: process.pid, url: served.url })
  expect((await fetch(found?.openOnce ?? '', { redirect: 'manual' })).status).toBe(303)
  forget()
  expect(await findRunning(home)).toBeNull()
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

it('a note of a later start stays when an earlier one ends', () => {
  const forget = rememberRunning(home, served.url)
  rememberRunning(home, 'http://127.0.0.1:1/#token=later')
  forget()
  expect(readFileSync(join(home, 'browser-window.json'), 'utf8')).toContain('later')
})
