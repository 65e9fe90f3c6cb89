#!/usr/bin/env node
// The tray rows of the bench: what the app costs at rest and at its start beside an empty Electron app with a tray icon, in
// the same runtime with the same flags, and how soon it tells what it hears. Real Electron, real API, a display and a
// session bus of their own; 127.0.0.1 and temp folders only; ends by itself.
//
//   npm run bench -- tray          (or `node build/measure/tray.mjs [idle|start|notify|lines]` for one part; `--json`)
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureNode } from '../scripts/lib/need-node.cjs'
import { electronEnv, findElectron, has, isRoot } from '../scripts/lib/runtime.mjs'
import {
  cpuOf,
  ensureBus,
  medianOf,
  pssOf,
  quantileOf,
  sleep,
  startDisplay,
  treeOf,
  typeOf,
  wakesOf,
} from './lib/desk.mjs'

const file = fileURLToPath(import.meta.url)
const SETTLE_MS = 60_000
const REST_MS = 60_000
const STARTS = 5
const MESSAGES = 10
const LINES = 200

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

/** A user namespace in which no file can be watched. */
const WITHOUT_INOTIFY = [
  ...['unshare', '--user', '--map-current-user', 'sh', '-c'],
  ...['echo 0 > /proc/sys/user/max_inotify_watches; exec "$@"', 'sh'],
]

const EMPTY = `
const { app, Tray, Menu, nativeImage } = require('electron')
app.disableHardwareAcceleration()
app.commandLine.appendSwitch('disable-gpu')
app.on('window-all-closed', () => {})
app.whenReady().then(() => {
  globalThis.tray = new Tray(nativeImage.createFromPath(process.env.EMPTY_ICON))
  globalThis.tray.setContextMenu(Menu.buildFromTemplate([{ label: 'Quit', click: () => app.quit() }]))
  globalThis.tray.setToolTip('empty')
})
`

async function measure(only, log) {
  const { DesktopDouble, ROOT, freePort, startApi, tempDir, until } =
    await import('../../e2e/support/desktop.ts')
  const { exe, why } = await findElectron({ mayDownload: false })
  if (exe === null) throw new Error(why)
  spawnSync(process.execPath, [join(ROOT, 'build/scripts/build.mjs')], { stdio: ['ignore', 2, 2] })
  const display = await startDisplay()
  process.env.DISPLAY = display.name
  process.env.WAYLAND_DISPLAY = ''
  const desktop = await DesktopDouble.start()
  const temp = tempDir('bench-tray')
  const api = await startApi(await freePort(), join(temp.path, 'api.db'))
  const rows = []
  const running = new Set()
  const flags = isRoot ? ['--no-sandbox'] : []

  // ---- between the app and the API: sees each call arrive, and can refuse the events -------------------------------------
  const arrivals = new Map()
  let offersEvents = false
  const between = createServer((incoming, outgoing) => {
    const chunks = []
    incoming.on('data', (chunk) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks)
      const mark = incoming.method === 'POST' && /"subject":"line (\d+)"/.exec(String(body))?.[1]
      if (mark) arrivals.set(Number(mark), performance.now())
      if (!offersEvents && incoming.url.startsWith('/api/coord/events'))
        return outgoing.writeHead(404).end('{}')
      const { hostname, port } = new URL(api.url)
      const onward = request(
        {
          hostname,
          port,
          method: incoming.method,
          path: incoming.url,
          headers: { ...incoming.headers, host: `${hostname}:${port}` },
        },
        (answer) => {
          outgoing.writeHead(answer.statusCode, answer.headers)
          answer.pipe(outgoing)
        },
      )
      onward.on('error', () => outgoing.destroy())
      outgoing.on('close', () => onward.destroy())
      onward.end(body)
    })
  })
  await new Promise((done) => between.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${between.address().port}`

  // ---- the two apps --------------------------------------------------------------------------------------------------------
  const emptyDir = join(temp.path, 'empty')
  mkdirSync(emptyDir)
  writeFileSync(join(emptyDir, 'main.cjs'), EMPTY)
  writeFileSync(
    join(emptyDir, 'package.json'),
    JSON.stringify({ name: 'empty', main: 'main.cjs', scripts: { start: `"${exe}" ${flags.join(' ')} .` } }),
  )
  let count = 0
  const home = () => join(temp.path, `home-${++count}`)
  const workspaces = Array.from({ length: 10 }, (_, i) => join(temp.path, `project-${i}`))
  for (const path of workspaces) mkdirSync(join(path, '.claude'), { recursive: true })
  const appEnv = (dir) =>
    electronEnv({
      COORD_HOME: dir,
      COORD_API_URL: url,
      COORD_MACHINE: 'BENCH',
      COORD_WORKSPACES: workspaces.join(':'),
      XDG_CONFIG_HOME: join(dir, 'config'),
    })
  const emptyEnv = (dir) =>
    electronEnv({
      EMPTY_ICON: join(ROOT, 'dist/icons/idle-light-22.png'),
      XDG_CONFIG_HOME: join(dir, 'config'),
    })
  /** Starts a program; resolves with the ms until a tray item is there, and with the way to end it and all it started. */
  async function start(command, args, options) {
    const from = desktop.said.length
    const begin = performance.now()
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'], detached: true, ...options })
    running.add(child)
    await until(
      'the tray item',
      () => desktop.said.slice(from).some((fact) => fact.t === 'registered'),
      60_000,
    )
    const ms = performance.now() - begin
    return {
      ms,
      pid: child.pid,
      async stop() {
        const tree = treeOf(child.pid)
        // as a person's SIGTERM, then for good: the next measurement must find nothing of it
        process.kill(-child.pid, 'SIGTERM')
        await until(
          'the app to end',
          () => tree.every((pid) => treeOf(pid).length === 1 && typeOf(pid) === ''),
          6_000,
        ).catch(() => undefined)
        for (const pid of tree)
          try {
            process.kill(pid, 'SIGKILL')
          } catch {
            // gone
          }
        running.delete(child)
      },
    }
  }
  const empty = (dir) =>
    start(exe, [...flags, `--user-data-dir=${join(dir, 'data')}`, emptyDir], { env: emptyEnv(dir) })
  const app = (dir, before = []) => {
    const [program, ...args] = [...before, exe, ...flags, `--user-data-dir=${join(dir, 'electron')}`, ROOT]
    return start(program, args, { env: appEnv(dir) })
  }
  const row = (what, measured, beside, ratio, budget, isMet) =>
    rows.push({ what, measured, beside, ratio, budget: `${budget}: ${isMet ? 'met' : 'NOT MET'}` })
  const s = (ms) => `${(ms / 1000).toFixed(2)} s`

  const parts = {
    async idle() {
      const cost = async (launch, before = []) => {
        const one = await launch(home(), before)
        await sleep(SETTLE_MS)
        const pids = treeOf(one.pid)
        const [cpuBefore, wakesBefore, begin] = [cpuOf(pids), wakesOf(pids), performance.now()]
        await sleep(REST_MS)
        const seconds = (performance.now() - begin) / 1000
        const found = {
          pss: pssOf(pids),
          cpu: ((cpuOf(pids) - cpuBefore) / seconds) * 100,
          wakes: (wakesOf(pids) - wakesBefore) / seconds,
          by: pids.map((pid) => `${typeOf(pid)} ${pssOf([pid]).toFixed(0)}`).join(', '),
        }
        await one.stop()
        return found
      }
      const theirs = await cost(empty)
      log(`empty: ${theirs.by} MB`)
      for (const [place, before] of [
        ['10 workspaces, no window', []],
        ['the same without inotify', WITHOUT_INOTIFY],
      ]) {
        const ours = await cost(app, before)
        log(`app, ${place}: ${ours.by} MB`)
        const ratio = ours.pss / theirs.pss
        row(
          `tray app at rest, ${place}: memory (PSS of all processes)`,
          `${ours.pss.toFixed(0)} MB`,
          `${theirs.pss.toFixed(0)} MB`,
          `${ratio.toFixed(2)} ×`,
          '≤ 1.12 ×',
          ratio <= 1.12,
        )
        row(
          `${place}: CPU, share of a core`,
          `${ours.cpu.toFixed(2)} %`,
          `${theirs.cpu.toFixed(2)} %`,
          `+ ${(ours.cpu - theirs.cpu).toFixed(2)} %`,
          '≤ + 0.15 %',
          ours.cpu - theirs.cpu <= 0.15,
        )
        row(
          `${place}: wake-ups (voluntary context switches of all threads)`,
          `${ours.wakes.toFixed(1)}/s`,
          `${theirs.wakes.toFixed(1)}/s`,
          '',
          '≤ 12/s',
          ours.wakes <= 12,
        )
      }
    },
    async start() {
      const npm = { whole: [], empty: [], direct: [], bare: [] }
      const timed = async (list, launch) => {
        const one = await launch()
        list.push(one.ms)
        await one.stop()
      }
      for (let i = 0; i <= STARTS; i++) {
        const once = { whole: [], empty: [], direct: [], bare: [] }
        const dirs = [home(), home()]
        await timed(once.bare, () => empty(dirs[0]))
        await timed(once.direct, () => app(dirs[1]))
        await timed(once.empty, () => start('npm', ['start'], { cwd: emptyDir, env: emptyEnv(dirs[0]) }))
        await timed(once.whole, () => start('npm', ['start'], { cwd: ROOT, env: appEnv(dirs[1]) }))
        // the first round warms the page cache
        if (i > 0) for (const name of Object.keys(npm)) npm[name].push(...once[name])
      }
      const [whole, plain, direct, bare] = [npm.whole, npm.empty, npm.direct, npm.bare].map(medianOf)
      log(
        `starts, ms: ${Object.entries(npm)
          .map(([name, list]) => `${name} ${list.map((ms) => ms.toFixed(0)).join(' ')}`)
          .join('; ')}`,
      )
      row(
        'npm start → tray item, beside npm start of an empty app',
        s(whole),
        s(plain),
        `+ ${s(whole - plain)}`,
        '≤ + 0.5 s',
        whole - plain <= 500,
      )
      row(
        'the program itself → tray item, beside the empty app itself',
        s(direct),
        s(bare),
        `+ ${s(direct - bare)}`,
        '≤ + 0.5 s',
        direct - bare <= 500,
      )
    },
    async notify() {
      const one = await app(home())
      const post = (subject) =>
        fetch(`${api.url}/api/coord/messages`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            from_session: 'OTHER/x',
            to_session: 'BENCH/a',
            project_key: 'p',
            subject,
            body: 'x',
          }),
        })
      const raised = async (subject, timeoutMs) => {
        const begin = performance.now()
        await post(subject)
        await until(
          'the notification',
          () => desktop.all('notify').some((fact) => String(fact.body).includes(subject)),
          timeoutMs,
        )
        return performance.now() - begin
      }
      // the backlog of a first start is one summary: let that pass
      await sleep(5_000)
      const times = []
      for (let i = 0; i < MESSAGES; i++) {
        times.push(await raised(`posted ${i}`, 40_000))
        await sleep(Math.random() * 5_000)
      }
      const poll = 15_000 * 1.15
      log(`message → notification, ms: ${times.map((ms) => ms.toFixed(0)).join(' ')}`)
      row(
        `message posted → notification, by polling (each 15 s ± 15 %), worst of ${MESSAGES}`,
        s(Math.max(...times)),
        `median ${s(medianOf(times))}`,
        '',
        '≤ one poll + 0.3 s',
        Math.max(...times) <= poll + 300,
      )
      await one.stop()
      const events = await fetch(`${api.url}/api/coord/events`, { signal: AbortSignal.timeout(3_000) }).catch(
        () => null,
      )
      const hasPush = events?.ok === true && events.headers.get('content-type')?.includes('event-stream')
      await events?.body?.cancel().catch(() => undefined)
      if (!hasPush)
        return row('message posted → notification, with push', 'no events here', '', '', '≤ 0.3 s', false)
      offersEvents = true
      const pushed = await app(home())
      await sleep(8_000)
      const quick = []
      for (let i = 0; i < MESSAGES; i++) {
        quick.push(await raised(`pushed ${i}`, 40_000))
        // three at once within ten seconds become a summary
        await sleep(4_000 + Math.random() * 2_000)
      }
      offersEvents = false
      log(`message → notification with push, ms: ${quick.map((ms) => ms.toFixed(0)).join(' ')}`)
      row(
        `message posted → notification, with push, worst of ${MESSAGES}`,
        s(Math.max(...quick)),
        `median ${s(medianOf(quick))}`,
        '',
        '≤ 0.3 s',
        Math.max(...quick) <= 300,
      )
      await pushed.stop()
    },
    async lines() {
      const bash = spawn('bash', [], { stdio: ['pipe', 'ignore', 'inherit'] })
      let number = 0
      const appended = async (path) => {
        const n = number++
        const text = JSON.stringify({
          ts: new Date().toISOString(),
          method: 'POST',
          path: '/api/coord/messages',
          body: {
            from_session: 'BENCH/a',
            to_session: 'OTHER/x',
            project_key: 'p',
            subject: `line ${n}`,
            body: 'x',
          },
        })
        const begin = performance.now()
        bash.stdin.write(`printf '%s\\n' '${text}' >> '${path}/.claude/coord-queue.jsonl'\n`)
        const deadline = begin + 30_000
        while (!arrivals.has(n) && performance.now() < deadline) await sleep(5)
        const at = arrivals.get(n)
        if (at === undefined) throw new Error(`line ${n} never arrived`)
        return at - begin
      }
      const run = async (name, launch) => {
        const one = await launch()
        await appended(workspaces[0])
        const times = []
        for (let i = 0; i < LINES; i++) {
          await sleep(20 + Math.random() * 300)
          times.push(await appended(workspaces[i % workspaces.length]))
        }
        await one.stop()
        const [median, p99] = [medianOf(times), quantileOf(times, 0.99)]
        row(
          `line appended by bash → call at the API, ${name} (${LINES}, median and p99)`,
          `${median.toFixed(0)} ms`,
          `${p99.toFixed(0)} ms`,
          `worst ${Math.max(...times).toFixed(0)} ms`,
          '≤ 100 ms, ≤ 1 s',
          median <= 100 && p99 <= 1_000,
        )
      }
      await run('tray app', () => app(home()))
      await run('coord watch', async () => {
        const dir = home()
        const child = spawn(process.execPath, [join(ROOT, 'build/scripts/coord.mjs'), 'watch'], {
          env: appEnv(dir),
          cwd: workspaces[0],
          stdio: 'ignore',
        })
        running.add(child)
        return {
          async stop() {
            const ended = new Promise((done) => child.once('exit', done))
            child.kill()
            await ended
            running.delete(child)
          },
        }
      })
      bash.stdin.end()
    },
  }

  try {
    log(
      `tray: ${why}, display ${display.name}, load ${spawnSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).stdout.slice(0, 14)}`,
    )
    for (const [name, part] of Object.entries(parts)) if (only === undefined || only === name) await part()
    return rows
  } finally {
    for (const child of running)
      for (const pid of treeOf(child.pid))
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // gone
        }
    between.close()
    between.closeAllConnections()
    await api.stop()
    desktop.stop()
    display.stop()
    temp.remove()
  }
}

if (process.argv[1] === file) {
  ensureNode()
  ensureBus()
  const only = process.argv.slice(2).find((argument) => !argument.startsWith('-'))
  const rows = await measure(only, (text) => process.stderr.write(`${text}\n`))
  if (process.argv.includes('--json')) process.stdout.write(JSON.stringify(rows))
  else console.table(rows)
  process.exit(0)
}
