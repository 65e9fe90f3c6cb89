// What the app costs at rest, with and without inotify, beside the empty app: memory, CPU and wake-ups.
import { cpuOf, pssOf, sleep, treeOf, typeOf, wakesOf } from '../lib/desk.mjs'
import { rowOf } from './rows.mjs'

const SETTLE_MS = 60_000
const REST_MS = 60_000

/** A user namespace in which no file can be watched. */
const WITHOUT_INOTIFY = [
  ...['unshare', '--user', '--map-current-user', 'sh', '-c'],
  ...['echo 0 > /proc/sys/user/max_inotify_watches; exec "$@"', 'sh'],
]

export async function idle(programs, log) {
  const theirs = await costAtRest(await programs.empty(programs.newHome()))
  log(`empty: ${theirs.by} MB`)
  const rows = []
  for (const [place, before] of [
    ['10 workspaces, no window', []],
    ['the same without inotify', WITHOUT_INOTIFY],
  ]) {
    const ours = await costAtRest(await programs.app(programs.newHome(), before))
    log(`app, ${place}: ${ours.by} MB`)
    rows.push(...rowsAtRest(place, ours, theirs))
  }
  return rows
}

/** Lets a program settle, measures it while nothing happens, and ends it. */
async function costAtRest(program) {
  await sleep(SETTLE_MS)
  const pids = treeOf(program.pid)
  const [cpuBefore, wakesBefore, begin] = [cpuOf(pids), wakesOf(pids), performance.now()]
  await sleep(REST_MS)
  const seconds = (performance.now() - begin) / 1000
  const found = {
    pss: pssOf(pids),
    cpu: ((cpuOf(pids) - cpuBefore) / seconds) * 100,
    wakes: (wakesOf(pids) - wakesBefore) / seconds,
    by: pids.map((pid) => `${typeOf(pid)} ${pssOf([pid]).toFixed(0)}`).join(', '),
  }
  await program.stop()
  return found
}

function rowsAtRest(place, ours, theirs) {
  const ratio = ours.pss / theirs.pss
  return [
    rowOf(
      `tray app at rest, ${place}: memory (PSS of all processes)`,
      `${ours.pss.toFixed(0)} MB`,
      `${theirs.pss.toFixed(0)} MB`,
      `${ratio.toFixed(2)} ×`,
      '≤ 1.12 ×',
      ratio <= 1.12,
    ),
    rowOf(
      `${place}: CPU, share of a core`,
      `${ours.cpu.toFixed(2)} %`,
      `${theirs.cpu.toFixed(2)} %`,
      `+ ${(ours.cpu - theirs.cpu).toFixed(2)} %`,
      '≤ + 0.15 %',
      ours.cpu - theirs.cpu <= 0.15,
    ),
    rowOf(
      `${place}: wake-ups (voluntary context switches of all threads)`,
      `${ours.wakes.toFixed(1)}/s`,
      `${theirs.wakes.toFixed(1)}/s`,
      '',
      '≤ 12/s',
      ours.wakes <= 12,
    ),
  ]
}
