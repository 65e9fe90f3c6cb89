// How long a start takes until the tray item is there, beside the empty app: by `npm start`, and by the program itself.
import { medianOf } from '../lib/desk.mjs'
import { inSeconds, rowOf } from './rows.mjs'

const STARTS = 5

export async function start(programs, log) {
  const times = await startTimes(programs)
  const listed = Object.entries(times).map(
    ([name, list]) => `${name} ${list.map((ms) => ms.toFixed(0)).join(' ')}`,
  )
  log(`starts, ms: ${listed.join('; ')}`)
  return [
    startRow('npm start → tray item, beside npm start of an empty app', times.whole, times.empty),
    startRow('the program itself → tray item, beside the empty app itself', times.direct, times.bare),
  ]
}

/** `whole` and `empty` by npm, `direct` and `bare` without it; in turns, so that what else the machine does meets them all. */
async function startTimes(programs) {
  const times = { whole: [], empty: [], direct: [], bare: [] }
  const startAndStop = async (launch) => {
    const program = await launch()
    await program.stop()
    return program.ms
  }
  for (let i = 0; i <= STARTS; i++) {
    const [emptyHome, appHome] = [programs.newHome(), programs.newHome()]
    const once = {
      bare: await startAndStop(() => programs.empty(emptyHome)),
      direct: await startAndStop(() => programs.app(appHome)),
      empty: await startAndStop(() => programs.emptyByNpm(emptyHome)),
      whole: await startAndStop(() => programs.appByNpm(appHome)),
    }
    // the first round warms the page cache
    if (i > 0) for (const name of Object.keys(times)) times[name].push(once[name])
  }
  return times
}

function startRow(what, times, timesBeside) {
  const [ours, theirs] = [medianOf(times), medianOf(timesBeside)]
  return rowOf(
    what,
    inSeconds(ours),
    inSeconds(theirs),
    `+ ${inSeconds(ours - theirs)}`,
    '≤ + 0.3 s',
    ours - theirs <= 300,
  )
}
