// A desk for measurements: a display and a session bus of their own, and what a tree of processes costs there.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'

/** Runs this very script again on a session bus of its own, where it is not on one yet; then does not return. */
export function ensureBus() {
  if (process.env.COORD_BENCH_BUS === '1') return
  const done = spawnSync('dbus-run-session', ['--', process.execPath, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, COORD_BENCH_BUS: '1' },
  })
  if (done.error) {
    process.stderr.write('This needs Xvfb and dbus-run-session: sudo apt-get install -y xvfb dbus\n')
    process.exit(1)
  }
  process.exit(done.status ?? 1)
}

/** An X server on the first free number. */
export function startDisplay() {
  return new Promise((resolve, reject) => {
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    server.once('error', reject)
    server.once('exit', () => reject(new Error('Xvfb ended')))
    server.stdio[3].once('data', (bytes) =>
      resolve({ name: `:${String(bytes).trim()}`, stop: () => server.kill() }),
    )
  })
}

const read = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // gone meanwhile
  }
}
/** What follows the command's name in `stat`: the name may hold spaces and brackets. */
const fieldsOf = (pid) => read(`/proc/${pid}/stat`).split(') ').at(-1).split(' ')

/** A process and all that descend from it; Chromium's helpers are children of children. */
export function treeOf(root) {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(fieldsOf(name)[1])]),
  )
  const tree = new Set([root])
  for (let size = 0; size !== tree.size;) {
    size = tree.size
    for (const [pid, parent] of parents) if (tree.has(parent)) tree.add(pid)
  }
  return [...tree]
}

/** Whether this system says what its processes cost; where it does not, their memory and CPU read as 0. */
export const hasProc = existsSync('/proc/self/stat')

/** Proportional set size of all of them, in MB: memory that several share counts once. */
export const pssOf = (pids) =>
  pids.reduce(
    (sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
    0,
  ) / 1024

/** CPU seconds that they have used, and the children they have outlived (a helper command that was run and ended). */
export const cpuOf = (pids) =>
  pids.reduce(
    (sum, pid) =>
      sum +
      fieldsOf(pid)
        .slice(11, 15)
        .reduce((ticks, field) => ticks + Number(field || 0), 0),
    0,
  ) / 100

/** How often all threads of these processes have slept and were woken: each time costs a laptop some of its sleep. */
export const wakesOf = (pids) =>
  pids
    .flatMap((pid) => {
      try {
        return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/status`)
      } catch {
        return [] // gone meanwhile
      }
    })
    .reduce((sum, file) => sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(read(file))?.[1] ?? 0), 0)

/** `main`, `renderer`, `zygote`, `gpu-process`, `utility`; empty for a process that is gone. */
export const typeOf = (pid) => {
  const line = read(`/proc/${pid}/cmdline`)
  if (line === '') return '' // gone, or a zombie
  return /--type=([a-z-]+)/.exec(line)?.[1] ?? (line.includes('--utility-sub-type') ? 'utility' : 'main')
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
export const medianOf = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)]
/** The smallest value that a share `p` of the list does not exceed. */
export const quantileOf = (list, p) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.ceil(list.length * p) - 1)]
