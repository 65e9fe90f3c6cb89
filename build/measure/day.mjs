#!/usr/bin/env node
// `npm run test:day`: a day in minutes. A clock turned by hand drives the real engine and sixty outboxes through 24 hours of
// polls, sleeps, bursts, outages and a person's looks. Exit 1 where the heap at the end is more than 5 % above that after
// the first hour, a count is wrong, or timers, listeners, files or memories grew.
//
//   npm run test:day [-- --hours N --workspaces N --quiet]
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ensureNode } from '../scripts/lib/need-node.cjs'

ensureNode()
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    workspaces: { type: 'string', default: '60' },
    quiet: { type: 'boolean', default: false },
  },
})
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')
const heap = () => {
  gc()
  gc()
  return process.memoryUsage().heapUsed
}
const ALLOWED = 1.05
const mb = (bytes) => (bytes / 2 ** 20).toFixed(2)

const { liveOneDay } = await import('../../electron/adapters/testing/day/day.ts')
const begin = performance.now()
const day = await liveOneDay({
  hours: Number(values.hours),
  workspaces: Number(values.workspaces),
  heap,
  onHour(h) {
    if (!values.quiet)
      console.log(
        `hour ${String(h.hour).padStart(2)}: heap ${mb(h.heapBytes)} MB, ${h.timers} timers, ${h.listeners} listeners, ${h.openFiles} open files; ${h.lines} lines, ${h.requests} requests; told ${h.told}, seen ${h.seen}, sessions ${h.sessions}, shown ${h.shown}, kept ${mb(h.keptBytes)} MB (${((performance.now() - begin) / 1000).toFixed(0)} s)`,
      )
  },
})
const [first, last] = [day.hours[0], day.hours.at(-1)]
const faults = [...day.problems]
const expect = (isTrue, words) => isTrue || faults.push(words)
expect(
  last.heapBytes <= first.heapBytes * ALLOWED,
  `the heap grew from ${mb(first.heapBytes)} to ${mb(last.heapBytes)} MB`,
)
for (const name of ['timers', 'listeners', 'openFiles'])
  expect(last[name] === first[name], `${name}: ${first[name]} after the first hour, ${last[name]} at the end`)
for (const name of ['told', 'seen', 'sessions'])
  expect(last[name] <= first[name], `${name} grew from ${first[name]} to ${last[name]}`)
expect(
  last.keptBytes <= first.keptBytes * ALLOWED,
  `what is kept on disk grew from ${first.keptBytes} to ${last.keptBytes} bytes`,
)
expect(
  day.delivered + day.setAside + day.skipped === day.lines,
  `${day.lines} lines, but ${day.delivered} delivered, ${day.setAside} set aside, ${day.skipped} skipped`,
)
expect(day.waiting === 0, `${day.waiting} calls still wait`)
expect(day.appliedTwice === 0, `${day.appliedTwice} calls were applied twice`)
expect(day.toldTwice === 0, `${day.toldTwice} messages were told of twice`)
expect(day.toldOnce > 0, 'no message was told of')
console.log(
  `day: ${values.hours} h with ${values.workspaces} workspaces in ${((performance.now() - begin) / 1000).toFixed(1)} s: heap ${mb(first.heapBytes)} MB after the first hour, ${mb(last.heapBytes)} at the end (${((last.heapBytes / first.heapBytes - 1) * 100).toFixed(1)} %); ${day.lines} lines: ${day.delivered} delivered, ${day.setAside} set aside, ${day.skipped} skipped, ${day.appliedTwice} twice; ${day.posted} messages, ${day.toldOnce} told once, ${day.toldTwice} twice; ${last.timers} timers, ${last.listeners} listeners`,
)
for (const fault of faults) console.log(`day: NOT WELL: ${fault}`)
process.exit(faults.length > 0 ? 1 : 0)
