#!/usr/bin/env node
// Builds dist/ where it is older than its sources. Everything it says goes to stderr: stdout belongs to the command
// that needed the build. `--part cli|main|window` (repeatable) builds only that, `--force` builds what is fresh too,
// `--quiet` says nothing of a build that succeeds. `--clean` builds everything, and removes at once what is of an earlier
// build; `--out DIR` does the same in another folder and leaves dist/ alone: for what is packed.
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { dist, entryFile, fingerprint, isFresh, parts, root, stampFile } from './lib/freshness.mjs'
import { writeLegal } from './lib/legal.mjs'

// What is built is what people run: the caller's own NODE_ENV (a test runner sets one) must not make it React's development form.
process.env.NODE_ENV = 'production'

const LOCK_WAIT_MS = 120_000
/** Chunks of an earlier build stay this long: a command that is still running may load one. */
const KEEP_OLD_MS = 24 * 3_600_000

const say = (text) => process.stderr.write(`${text}\n`)

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** One builder at a time; the lock of a process that is gone is taken over. */
async function lock() {
  mkdirSync(dist, { recursive: true })
  const file = join(dist, '.lock')
  const deadline = Date.now() + LOCK_WAIT_MS
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      return () => rmSync(file, { force: true })
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    let holder
    try {
      holder = Number(readFileSync(file, 'utf8'))
    } catch {
      continue
    }
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    // An empty file is a lock between its creation and its write; older than that, its writer died there.
    if (holder ? !isAlive(holder) : age > 2000) {
      const claimed = `${file}-${randomBytes(4).toString('hex')}`
      try {
        renameSync(file, claimed) // only one of several waiters gets it
        unlinkSync(claimed)
      } catch {
        /* another waiter was first */
      }
      continue
    }
    if (Date.now() > deadline) throw new Error(`another build (process ${holder}) holds ${file}`)
    await sleep(50)
  }
}

function* filesIn(dir, prefix = '') {
  if (!existsSync(dir)) return
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const name = prefix + entry.name
    if (entry.isDirectory()) yield* filesIn(join(dir, entry.name), `${name}/`)
    else yield name
  }
}

/** Moves the built files into `target` one by one, the entry last: at each moment what is there belongs together. */
function install(part, from, target, keepOldMs) {
  const built = [...filesIn(from)].sort(
    (a, b) => Number(a === parts[part].entry) - Number(b === parts[part].entry),
  )
  for (const name of built) {
    mkdirSync(dirname(join(target, name)), { recursive: true })
    renameSync(join(from, name), join(target, name))
  }
  const fresh = new Set(built)
  for (const out of parts[part].out)
    for (const name of filesIn(join(target, out), `${out}/`)) {
      const file = join(target, name)
      if (!fresh.has(name) && Date.now() - statSync(file).mtimeMs > keepOldMs) rmSync(file)
    }
}

/** A part is told beside the others in `dist/.bundled-PART.json`: one that is fresh is not built for its list. */
const bundledFile = (part, target) => join(target, `.bundled-${part}.json`)

/** Completion scripts and the man page, of the commands as the program that was just built has them. */
function writeWords(folder) {
  const args = [join(folder, 'cli.cjs'), 'write-words', folder]
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 2, 2] })
  if (status !== 0)
    throw new Error(`the completion scripts and the man page could not be written (${status})`)
}

/** Builds one part in `work`; gives the packages that it is made of, as folders. */
async function makePart(part, vite, work) {
  const bundled = new Set()
  const logger = vite.createLogger('warn')
  for (const level of ['info', 'warn', 'warnOnce', 'error']) logger[level] = (text) => say(text)
  logger.info = () => undefined
  for (const config of parts[part].configs) {
    const outDir = join(work, { preload: 'main', hook: 'cli' }[config] ?? config)
    await vite.build({
      configFile: join(root, `build/vite/${config}.config.ts`),
      customLogger: logger,
      logLevel: 'warn',
      build: { outDir, emptyOutDir: false },
    })
    const list = join(outDir, 'bundled.json')
    for (const folder of JSON.parse(readFileSync(list, 'utf8'))) bundled.add(folder)
    rmSync(list)
  }
  if (part === 'cli') writeWords(join(work, 'cli'))
  if (part === 'main') cpSync(join(root, 'build/icons/drawn'), join(work, 'icons'), { recursive: true })
  return [...bundled]
}

async function buildPart(part, vite, target, keepOldMs) {
  const startedAt = performance.now()
  const print = fingerprint(part) // before the build: what changes during it makes the next one stale
  const work = join(target, `.tmp-${part}-${process.pid}`)
  rmSync(work, { recursive: true, force: true })
  try {
    const bundled = await makePart(part, vite, work)
    install(part, work, target, keepOldMs)
    writeFileSync(bundledFile(part, target), JSON.stringify(bundled))
    if (target === dist) writeFileSync(stampFile(part), print)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  if (!values.quiet) say(`built ${part} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}

/** Licences and the list of what is bundled, as far as each part was built here; gives that list. */
function tellBundled(target) {
  const lists = Object.keys(parts)
    .map((part) => bundledFile(part, target))
    .filter(existsSync)
  const folders = [...new Set(lists.flatMap((file) => JSON.parse(readFileSync(file, 'utf8'))))].sort()
  writeLegal(folders, join(target, 'legal'))
  return folders
}

/** What is packed has the same modes, whoever packs it, and whatever was there before. */
function settleModes(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) settleModes(join(dir, entry.name))
    else chmodSync(join(dir, entry.name), 0o644)
  chmodSync(dir, 0o755)
}

const loadVite = () =>
  import('vite').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    say(`The packages are not installed: run "npm ci" in ${root}.`)
    process.exit(1)
  })

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true },
    force: { type: 'boolean', default: false },
    quiet: { type: 'boolean', default: false },
    clean: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
})
const wanted = values.part ?? Object.keys(parts)
const unknown = wanted.filter((part) => !Object.hasOwn(parts, part))
if (unknown.length > 0) {
  say(`unknown part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}
const stale = () => wanted.filter((part) => values.force || values.clean || !isFresh(part))
if (values.out !== undefined) {
  const target = resolve(values.out)
  mkdirSync(target, { recursive: true })
  const vite = await loadVite()
  for (const part of wanted) await buildPart(part, vite, target, 0)
  // whoever packs says the same in forms of its own
  writeFileSync(join(target, 'bundled.json'), JSON.stringify(tellBundled(target)))
  for (const part of wanted) rmSync(bundledFile(part, target))
} else if (stale().length > 0) {
  let unlock
  try {
    unlock = await lock()
  } catch (error) {
    // A person who may not write here (another user's clone) runs what its owner built.
    if (
      ['EACCES', 'EPERM', 'EROFS'].includes(error.code) &&
      wanted.every((part) => existsSync(entryFile(part)))
    ) {
      say(`${dist} cannot be written (${error.code}): using what is built there`)
      process.exit(0)
    }
    say(`the build did not start: ${error.message}`)
    process.exit(1)
  }
  process.once('exit', unlock)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
  try {
    const todo = stale() // another process may have built it while this one waited
    if (todo.length > 0) {
      const vite = await loadVite()
      for (const part of todo) await buildPart(part, vite, dist, values.clean ? 0 : KEEP_OLD_MS)
      tellBundled(dist)
      if (values.clean) settleModes(dist)
    }
  } catch (error) {
    say(error.errors ? error.message : (error.stack ?? String(error)))
    process.exitCode = 1
  }
}
