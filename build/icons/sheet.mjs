#!/usr/bin/env node
// Puts every tray picture on one sheet, as a person sees it: node build/icons/sheet.mjs → build/pictures/icons.png.
// Each state at 16, 22, 32 and 44 px and pixel by pixel at 16, on the light and dark tones of panels; macOS' template below.
import { existsSync, readFileSync } from 'node:fs'
import { chromium } from '@playwright/test'

const STATES = ['idle', 'waiting', 'unread', 'offline', 'attention', 'idle-silent', 'unread-silent']
const SIZES = [16, 22, 32, 44]
/** Bars of GNOME, KDE light and dark, Windows light and dark, and a grey that claims to be either. */
const PANELS = [
  ['dark', '#000000'],
  ['dark', '#2a2e32'],
  ['dark', '#6b7078'],
  ['light', '#eff0f1'],
  ['light', '#ffffff'],
  ['light', '#a8adb3'],
  ['colour', '#2a2e32'],
  ['colour', '#ffffff'],
  ['colour', '#2980b9'],
]
const url = (name) =>
  `data:image/png;base64,${readFileSync(new URL(`./drawn/${name}.png`, import.meta.url)).toString('base64')}`
const img = (name, size, style = '') =>
  `<img src="${url(name)}" width="${size}" height="${size}" style="${style}">`
const PIXELS = 'image-rendering:pixelated'
const panel = ([tone, colour]) =>
  `<section style="background:${colour};color:${/#[0-6]/.test(colour) ? '#fff' : '#000'}">${STATES.map(
    (state) =>
      `<p>${SIZES.map((size) => img(`${state}-${tone}-${size}`, size)).join('')}${img(`${state}-${tone}-16`, 64, PIXELS)}<b>${state}</b></p>`,
  ).join('')}</section>`
const template = (colour, filter) =>
  `<section style="background:${colour};color:${filter ? '#fff' : '#000'}"><p style="gap:6px">${STATES.map((state) => img(`${state}Template`, 16, filter) + img(`${state}Template`, 32, `${PIXELS};${filter}`)).join('')}</p></section>`

const browser = await chromium.launch({
  executablePath:
    process.env.COORD_CHROMIUM || ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync),
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
})
const page = await browser.newPage({ viewport: { width: 960, height: 900 } })
await page.setContent(
  `<style>body{margin:0;width:960px;display:grid;grid-template-columns:repeat(3,320px);font:12px sans-serif}
  section{padding:8px}p{display:flex;gap:8px;align-items:center;margin:6px 2px}</style>
  ${PANELS.map(panel).join('')}${template('#f2f2f2', '')}${template('#1e1e1e', 'filter:invert(1)')}`,
)
const file = new URL('../pictures/icons.png', import.meta.url).pathname
await page.locator('body').screenshot({ path: file })
await browser.close()
process.stdout.write(`${file}\n`)
