#!/usr/bin/env node
// `npm run pictures`: one sheet a view in build/pictures/window-*.png, and README's window.png: each state, light and dark,
// 360, 640 and 1 200 px, 200 % zoom, forced colours, with pinned fonts, time, zone and language. `-- locks` makes one of them.
// The window is the built one, on the real loopback server; the engine is a double with an invented world.
/* global location -- in the page */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from '@playwright/test'
import { buildParts } from './lib/build-parts.mjs'
import { pinFonts } from './pictures/fonts.mjs'
import { sheetOf } from './pictures/sheet.mjs'

/** Every picture is of this moment: the worlds count back from it. */
const NOW = Date.parse('2026-11-24T20:00:00Z')
Date.now = () => NOW
const { startEngine } = await import('../../e2e/support/window-stage.ts')
const { LOOKS, VIEWS } = await import('./pictures/shots.mjs')

const root = fileURLToPath(new URL('../..', import.meta.url))
const temp = mkdtempSync(join(tmpdir(), 'coord-pictures-'))
/** For the acts of a shot, and for what moves until it stands. */
const WAIT_MS = 10_000
const SETTLE_MS = 400

/** One picture: its own engine and context, since a shot may end either. */
async function shoot(browser, shot, { look, viewport, ...options }) {
  const answers = typeof shot.answers === 'function' ? shot.answers() : shot.answers
  const engine = await startEngine(shot.world(), answers)
  const size = shot.isTall && viewport.height > 500 ? { ...viewport, height: viewport.height * 2 } : viewport
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    viewport: size,
    ...options,
  })
  context.setDefaultTimeout(WAIT_MS)
  try {
    const page = await context.newPage()
    await page.clock.setFixedTime(NOW)
    await page.goto(engine.url)
    await page.locator('main h1').first().waitFor({ state: 'attached' })
    await page.evaluate((hash) => {
      if (hash !== '') location.hash = hash
    }, shot.hash)
    await page.waitForTimeout(SETTLE_MS)
    await shot.act?.(page, engine)
    await page.mouse.move(0, 0)
    await page.waitForTimeout(SETTLE_MS)
    const png = await page.screenshot({ animations: 'disabled', caret: 'hide' })
    return { caption: `${shot.state} · ${look}`, width: size.width * (options.deviceScaleFactor ?? 1), png }
  } finally {
    await context.close()
    await engine.stop()
  }
}

async function shotsOf(browser, view) {
  const taken = []
  for (const shot of VIEWS[view])
    for (const look of shot.isMain ? LOOKS.main : LOOKS.other) {
      try {
        taken.push(await shoot(browser, shot, look))
      } catch (cause) {
        throw new Error(`${view}, ${shot.state}, ${look.look}: ${String(cause)}`, { cause })
      }
    }
  return taken
}

const only = process.argv[2]
if (only !== undefined && !(only in VIEWS))
  throw new Error(`no view "${only}": ${Object.keys(VIEWS).join(', ')}`)
try {
  buildParts('window')
  const browser = await chromium.launch({
    executablePath:
      process.env.COORD_CHROMIUM || ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync),
    args: ['--font-render-hinting=none', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    env: { ...process.env, ...pinFonts(temp) },
  })
  for (const view of only === undefined ? Object.keys(VIEWS) : [only]) {
    const shots = await shotsOf(browser, view)
    const file = join(root, `build/pictures/window-${view}.png`)
    writeFileSync(file, await sheetOf(browser, shots))
    process.stdout.write(`${file}: ${shots.length} pictures\n`)
    if (view === 'now')
      writeFileSync(join(root, 'build/pictures/window.png'), await sheetOf(browser, shots.slice(0, 2)))
  }
  await browser.close()
} finally {
  rmSync(temp, { recursive: true, force: true })
}
