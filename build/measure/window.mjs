// The window's rows of the bench: the built bundle in a real Chromium on the real loopback server; the engine is a double with
// an invented world. Open → painted list, frames while it scrolls, what one change costs, bundle sizes, memory.
/* global location -- in the page */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from '@playwright/test'
import { bundleSizes } from './window/bundle.mjs'
import { changeCost, heapMb, painted, scrolled, wholeList } from './window/page.mjs'
import { CALLS, fullQueue, waitingRows } from './window/world.mjs'

const RUNS = 5
const kb = (bytes) => Math.round(bytes / 100) / 10
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * p)]

/** Adds the rows; the window must be built. */
export async function measureWindow({ root, say, round }) {
  const { first, all } = bundleSizes(join(root, 'dist/window'))
  say('window bundle, first paint, all (gzip)', `${kb(first)} kB, ${kb(all)} kB`, '', '', '<= 125, <= 175 kB')
  const browser = await launchChromium()
  const engine = await startFullEngine()
  try {
    await sayOpening(browser, engine.url, say, round)
    const heap = await sayLongList(browser, engine, say, round)
    say(
      'window, heap with the full queue',
      `${round(heap, 1)} MB`,
      'Now, rich',
      `${round(await heapOfNow(browser, engine.url), 1)} MB`,
      '',
    )
  } finally {
    await browser.close()
    await engine.stop()
  }
}

const launchChromium = () =>
  chromium.launch({
    executablePath:
      process.env.COORD_CHROMIUM || ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })

/** The engine's double, with the full queue. */
async function startFullEngine() {
  const { startEngine } = await import('../../e2e/support/window-stage.ts')
  const { rich, richPast } = await import('../../e2e/support/window-rich.ts')
  const world = fullQueue(rich)
  const rows = waitingRows(world.workspaces[0])
  return startEngine(world, {
    'history.get': richPast,
    'queue.waiting': ({ offset, limit }) => ({ rows: rows.slice(offset, offset + limit), total: CALLS }),
  })
}

/** Opens a view as a reload finds it: the address names the view, the key is in the tab. */
async function open(browser, url, hash) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 } })
  const page = await context.newPage()
  await page.goto(url)
  await page.locator('main h1').first().waitFor({ state: 'attached' })
  await page.evaluate((to) => (location.hash = to), hash)
  await page.reload({ waitUntil: 'commit' })
  return { page, context, session: await context.newCDPSession(page) }
}

async function sayOpening(browser, url, say, round) {
  const opened = []
  for (let n = 0; n < RUNS; n++) {
    const { page, context } = await open(browser, url, '#/queue')
    opened.push(await painted(page))
    await context.close()
  }
  say(
    `window, opened on ${CALLS.toLocaleString('en')} calls → painted`,
    `${round(median(opened), 0)} ms`,
    `slowest of ${RUNS}`,
    `${round(Math.max(...opened), 0)} ms`,
    '<= 400 ms',
  )
}

/** Adds the rows of a page that holds the whole list; gives its heap in MB. */
async function sayLongList(browser, engine, say, round) {
  const { page, context, session } = await open(browser, engine.url, '#/queue')
  await session.send('Performance.enable')
  await painted(page)
  await wholeList(page)
  const { frames, height } = await scrolled(page)
  say(
    `window, frames while ${Math.round(height / 1000)} 000 px scroll, median`,
    `${round(median(frames), 1)} ms`,
    'p95',
    `${round(percentile(frames, 0.95), 1)} ms`,
    '<= 33 ms',
  )
  const cost = await changeCost(page, engine, session)
  say('window, one change of the picture, main thread', `${round(cost, 1)} ms`, '', '', '<= 16 ms')
  const heap = await heapMb(session)
  await context.close()
  return heap
}

/** The heap in MB of a page that shows Now. */
async function heapOfNow(browser, url) {
  const { page, context, session } = await open(browser, url, '#/now')
  await session.send('Performance.enable')
  await page.waitForTimeout(1500)
  const heap = await heapMb(session)
  await context.close()
  return heap
}
