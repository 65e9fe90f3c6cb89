// Starts the app in the first runtime that is there and says in one line which and why.
// `--browser` takes the browser front; `--retry` tries the download of the pinned Electron again.
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { entryFile, isFresh, parts, root } from '../lib/freshness.mjs'
import { electronEnv, findElectron, hasDisplay, isRoot, missingLibraries } from '../lib/runtime.mjs'

const say = (text) => process.stderr.write(`${text}\n`)
const own = new Set(['--browser', '--retry'])
const passed = process.argv.slice(2).filter((argument) => !own.has(argument))

// Asked here: a process that only finds everything fresh takes a tenth of a second of each start.
if (!Object.keys(parts).every((part) => isFresh(part))) {
  say('Building Coord Tray from its sources: some seconds, once.')
  const script = join(root, 'build/scripts/build.mjs')
  const built = spawnSync(process.execPath, [script, '--quiet'], { stdio: ['ignore', 2, 2] })
  if (built.status !== 0) process.exit(1)
}

async function choose() {
  const browser = (why) => ({
    command: process.execPath,
    args: [entryFile('cli'), 'start', '--browser', ...passed],
    why: `Coord Tray runs in the browser: ${why}.`,
  })
  if (process.argv.includes('--browser')) return browser('asked for')
  if (!(await hasDisplay())) return browser('no display here')
  const { exe, why } = await findElectron({ retry: process.argv.includes('--retry') })
  if (exe === null) return browser(why)
  const { sentences, canStart } = await missingLibraries(exe)
  for (const sentence of sentences) say(sentence)
  if (!canStart) return browser('Electron lacks what the line above names')
  const sandbox = isRoot ? ['--no-sandbox'] : []
  const note = isRoot ? ', without its sandbox, which Chromium refuses to root' : ''
  return { command: exe, args: [...sandbox, root, ...passed], why: `Coord Tray runs in ${why}${note}.` }
}

const { command, args, why } = await choose()
say(why)
const child = spawn(command, args, { stdio: 'inherit', env: electronEnv() })
// Ctrl-C reaches the child by itself, as a member of the terminal's group; other signals are handed on.
let interrupts = 0
process.on('SIGINT', () => {
  interrupts += 1
  if (interrupts > 2) child.kill('SIGKILL')
})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  say(`could not start ${command}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) =>
  process.exit(code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1)),
)
