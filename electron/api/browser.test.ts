import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { expect, test } from 'vitest'
import { call, startServer, tempFolder } from './testing/server.ts'

const CHROMIUM = '/usr/bin/chromium'

test.runIf(existsSync(CHROMIUM))('a page on another origin neither reads nor writes', async () => {
  const folder = await tempFolder()
  const server = await startServer(join(folder.path, 'coord.db'))
  const pages = createServer((_, res) =>
    res.setHeader('content-type', 'text/html').end('<title>other</title>'),
  ).listen(0, '127.0.0.1')
  await new Promise((go) => pages.once('listening', go))
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--host-resolver-rules=MAP rebound.test 127.0.0.1'],
  })
  try {
    const page = await browser.newPage()
    const { port } = new URL(server.url)
    const statuses: number[] = []
    page.on('response', (r) => {
      if (new URL(r.url()).port === port) statuses.push(r.status())
    })
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`)
    const tried = await page.evaluate(async (api) => {
      const message = JSON.stringify({ from_session: 'EVIL/page', subject: 's', body: 'b' })
      const json = { 'content-type': 'application/json' }
      const attempts: [string, RequestInit][] = [
        ['/api/coord/messages', {}],
        ['/health', {}],
        ['/api/coord/messages', { mode: 'no-cors' }],
        ['/api/coord/messages', { method: 'POST', mode: 'no-cors', body: message }],
        ['/api/coord/messages', { method: 'POST', mode: 'no-cors', body: new Blob([message]) }],
        ['/api/coord/messages', { method: 'POST', headers: json, body: message }],
        ['/api/coord/locks?session_id=M/a&release_all=true', { method: 'DELETE' }],
      ]
      const read: string[] = []
      for (const [path, init] of attempts) {
        try {
          read.push(await (await fetch(api + path, init)).text())
        } catch {
          read.push('')
        }
      }
      navigator.sendBeacon(`${api}/api/coord/messages`, new Blob([message], { type: 'text/plain' }))
      return read
    }, server.url)
    expect(tried).toEqual(tried.map(() => ''))
    await page.evaluate((api) => {
      const form = document.createElement('form')
      form.method = 'post'
      form.enctype = 'text/plain'
      form.action = `${api}/api/coord/messages`
      form.innerHTML = `<input name='{"from_session":"EVIL/form","subject":"s","body":"' value='"}'>`
      document.body.append(form)
      form.submit()
    }, server.url)
    await page.waitForURL(`${server.url}/**`)
    // A name of the page's own that points here (DNS rebinding): same origin for the browser, refused by its Host.
    const rebound = await page.goto(`http://rebound.test:${port}/api/coord/messages`)
    expect(rebound?.status()).toBe(403)
    expect(statuses.length).toBeGreaterThan(1)
    expect(statuses.filter((s) => s !== 403)).toEqual([])
    expect((await call(server.url, 'GET', '/api/coord/messages')).body).toEqual([])
  } finally {
    await browser.close()
    pages.close()
    await server.stop()
    await folder.remove()
  }
})
