// The window's rows of the bench: the built bundle in a real Chromium on the real loopback server; the engine is a double with
// an invented world. Open → painted list, frames while it scrolls, what one change costs, bundle sizes, memory.
/* global document, location, requestAnimationFrame -- in the page */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { chromium } from '@playwright/test'

const CALLS = 10_000
const RUNS = 5
const CHANGES = 40
const SCROLL_STEPS = 120
const kb = (bytes) => Math.round(bytes / 100) / 10
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
const percentile = (list, p) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * p)]

/** The files that the page leads to, itself or by the others: a build leaves those of the one before for a while. */
function filesOf(dir, html) {
  const assets = readdirSync(join(dir, 'assets'))
  const found = new Set()
  const follow = (text) => {
    for (const file of assets.filter((one) => !found.has(one) && text.includes(one))) {
      found.add(file)
      follow(readFileSync(join(dir, 'assets', file), 'utf8'))
    }
  }
  follow(html)
  return [...found].map((file) => join('assets', file))
}

/** What the page asks for before it draws, and everything, in bytes as they are sent with gzip. */
function bundleSizes(dir) {
  const sizeOf = (file) => gzipSync(readFileSync(join(dir, file)), { level: 9 }).length
  const html = readFileSync(join(dir, 'index.html'), 'utf8')
  const first = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file)
  const all = filesOf(dir, html)
  const sum = (files) => files.reduce((total, file) => total + sizeOf(file), sizeOf('index.html'))
  return { first: sum(first), all: sum(all) }
}

/** A world with 10 000 calls that wait in one folder; the picture has the first page, as the engine's has. */
function fullQueue(rich) {
  const world = rich()
  const [folder, ...rest] = world.workspaces
  return {
    ...world,
    workspaces: [{ ...folder, waiting: CALLS, next: waitingRows(folder).slice(0, 50) }, ...rest],
    totals: { ...world.totals, waiting: CALLS },
  }
}
const waitingRows = (folder) => {
  const [like] = folder.next
  return Array.from({ length: CALLS }, (_, n) => ({
    ...like,
    id: `w.${n}.0`,
    path: `/api/coord/components/gururmm/part-${n}`,
  }))
}

/** Milliseconds from the page's beginning to a list that is painted. */
const painted = (page) =>
  page.evaluate(
    () =>
      new Promise((done) => {
        const look = () => {
          if (document.querySelectorAll('main [role=row]').length < 10) return requestAnimationFrame(look)
          // The frame after the one that draws it.
          requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
        }
        look()
      }),
  )

/** Milliseconds between frames while the longest list scrolls. */
const scrolled = (page) =>
  page.evaluate(
    (steps) =>
      new Promise((done) => {
        const list = document.querySelector('main [data-list]')
        const frames = []
        let last = performance.now()
        const step = (n) => {
          const now = performance.now()
          frames.push(now - last)
          last = now
          if (n === 0 || !list) return done({ frames: frames.slice(1), height: list?.scrollHeight ?? 0 })
          list.scrollTop += 180
          requestAnimationFrame(() => step(n - 1))
        }
        requestAnimationFrame(() => step(steps))
      }),
    SCROLL_STEPS,
  )

const metric = async (session, name) =>
  (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === name)?.value ?? 0

/** Milliseconds of the page's main thread that one change of the picture takes. */
async function changeCost(page, engine, session) {
  const before = await metric(session, 'TaskDuration')
  for (let n = 0; n < CHANGES; n++) {
    engine.set((was) => ({ ...was, totals: { ...was.totals, waiting: CALLS - n } }))
    await page.waitForTimeout(25)
  }
  return ((await metric(session, 'TaskDuration')) - before) * (1000 / CHANGES)
}

async function heapMb(session) {
  await session.send('HeapProfiler.collectGarbage')
  return (await metric(session, 'JSHeapUsedSize')) / 1024 / 1024
}

/** Adds the rows; the window must be built. */
export async function measureWindow({ root, say, round }) {
  const { startEngine } = await import('../../e2e/support/window-stage.ts')
  const { rich, richPast } = await import('../../e2e/support/window-rich.ts')
  const { first, all } = bundleSizes(join(root, 'dist/window'))
  say('window bundle, first paint, all (gzip)', `${kb(first)} kB, ${kb(all)} kB`, '', '', '<= 125, <= 175 kB')

  const browser = await chromium.launch({
    executablePath:
      process.env.COORD_CHROMIUM || ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  const world = fullQueue(rich)
  const rows = waitingRows(world.workspaces[0])
  const engine = await startEngine(world, {
    'history.get': richPast,
    'queue.waiting': ({ offset, limit }) => ({ rows: rows.slice(offset, offset + limit), total: CALLS }),
  })
  /** As a reload finds it: the address names the view, the key is in the tab. */
  const open = async (hash) => {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 } })
    const page = await context.newPage()
    await page.goto(engine.url)
    await page.locator('main h1').first().waitFor({ state: 'attached' })
    await page.evaluate((to) => (location.hash = to), hash)
    await page.reload({ waitUntil: 'commit' })
    return { page, context, session: await context.newCDPSession(page) }
  }
  /** Brings the list's further pages. */
  const whole = (page) =>
    page.waitForFunction(() => {
      const list = document.querySelector('main [data-list]')
      if (!list) return false
      list.scrollTop = list.scrollHeight
      if (list.scrollHeight < 300_000) return false
      list.scrollTop = 0
      return true
    })
  try {
    const opened = []
    for (let n = 0; n < RUNS; n++) {
      const { page, context } = await open('#/queue')
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
    const { page, context, session } = await open('#/queue')
    await session.send('Performance.enable')
    await painted(page)
    await whole(page)
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
    const now = await open('#/now')
    await now.session.send('Performance.enable')
    await now.page.waitForTimeout(1500)
    say(
      'window, heap with the full queue',
      `${round(heap, 1)} MB`,
      'Now, rich',
      `${round(await heapMb(now.session), 1)} MB`,
      '',
    )
    await now.context.close()
  } finally {
    await browser.close()
    await engine.stop()
  }
}
