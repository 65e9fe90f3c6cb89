#!/usr/bin/env node
// The tray rows of the bench: what the app costs at rest and at its start beside an empty Electron app with a tray icon, in
// the same runtime with the same flags, and how soon it tells what it hears. Real Electron, real API, a display and a
// session bus of their own; 127.0.0.1 and temp folders only; ends by itself.
//
//   npm run bench -- tray          (or `node build/measure/tray.mjs [idle|start|notify|lines]` for one part; `--json`)
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ensureNode } from '../scripts/lib/need-node.cjs'
import { has } from '../scripts/lib/runtime.mjs'
import { ensureBus } from './lib/desk.mjs'

const file = fileURLToPath(import.meta.url)

/** The rows, measured by a process of their own on a bus of its own; one row that says so where that cannot be. */
export function trayRows() {
  const leftOut = (why) => [
    { what: `tray rows: left out (${why})`, measured: '', beside: '', ratio: '', budget: '' },
  ]
  if (!has('Xvfb') || !has('dbus-run-session')) return leftOut('sudo apt-get install -y xvfb dbus')
  const done = spawnSync(process.execPath, [file, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  return done.status === 0 ? JSON.parse(done.stdout) : leftOut('it failed; see above')
}

if (process.argv[1] === file) {
  ensureNode()
  ensureBus()
  // Only now: it reads TypeScript, which a Node that is too old cannot.
  const { measure } = await import('./tray/measure.mjs')
  const only = process.argv.slice(2).find((argument) => !argument.startsWith('-'))
  const rows = await measure(only, (text) => process.stderr.write(`${text}\n`))
  if (process.argv.includes('--json')) process.stdout.write(JSON.stringify(rows))
  else console.table(rows)
  process.exit(0)
}
