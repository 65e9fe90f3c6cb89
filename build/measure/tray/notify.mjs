// How soon a message that somebody posts is a notification: by polling, and with push where the API has it.
import { until } from '../../../e2e/support/desktop.ts'
import { medianOf, sleep } from '../lib/desk.mjs'
import { inSeconds, rowOf } from './rows.mjs'

const MESSAGES = 10
const LONGEST_POLL_MS = 15_000 * 1.15

export async function notify({ programs, desktop, api, between, log }) {
  const untilNotified = (subject) => timeToNotification(api.url, desktop, subject)
  const polled = await polledTimes(programs, untilNotified)
  log(`message → notification, ms: ${polled.map((ms) => ms.toFixed(0)).join(' ')}`)
  const byPolling = notifyRow(
    `message posted → notification, by polling (each 15 s ± 15 %), worst of ${MESSAGES}`,
    polled,
    '≤ one poll + 0.3 s',
    LONGEST_POLL_MS + 300,
  )
  if (!(await hasPush(api.url)))
    return [
      byPolling,
      rowOf('message posted → notification, with push', 'no events here', '', '', '≤ 0.3 s', false),
    ]
  between.offersEvents = true
  const program = await programs.app(programs.newHome())
  const pushed = await pushedTimes(untilNotified)
  between.offersEvents = false
  log(`message → notification with push, ms: ${pushed.map((ms) => ms.toFixed(0)).join(' ')}`)
  await program.stop()
  return [
    byPolling,
    notifyRow(`message posted → notification, with push, worst of ${MESSAGES}`, pushed, '≤ 0.3 s', 300),
  ]
}

async function polledTimes(programs, untilNotified) {
  const program = await programs.app(programs.newHome())
  // the backlog of a first start is one summary: let that pass
  await sleep(5_000)
  const times = []
  for (let i = 0; i < MESSAGES; i++) {
    times.push(await untilNotified(`posted ${i}`))
    await sleep(Math.random() * 5_000)
  }
  await program.stop()
  return times
}

/** Of an app that runs and listens. */
async function pushedTimes(untilNotified) {
  await sleep(8_000)
  const times = []
  for (let i = 0; i < MESSAGES; i++) {
    times.push(await untilNotified(`pushed ${i}`))
    // three at once within ten seconds become a summary
    await sleep(4_000 + Math.random() * 2_000)
  }
  return times
}

async function timeToNotification(apiUrl, desktop, subject) {
  const begin = performance.now()
  await post(apiUrl, subject)
  await until(
    'the notification',
    () => desktop.all('notify').some((fact) => String(fact.body).includes(subject)),
    40_000,
  )
  return performance.now() - begin
}

const post = (apiUrl, subject) =>
  fetch(`${apiUrl}/api/coord/messages`, {
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

/** Whether the API sends events at all. */
async function hasPush(apiUrl) {
  const events = await fetch(`${apiUrl}/api/coord/events`, { signal: AbortSignal.timeout(3_000) }).catch(
    () => null,
  )
  const isStream = events?.ok === true && events.headers.get('content-type')?.includes('event-stream')
  await events?.body?.cancel().catch(() => undefined)
  return isStream
}

function notifyRow(what, times, budget, budgetMs) {
  const worst = Math.max(...times)
  return rowOf(what, inSeconds(worst), `median ${inSeconds(medianOf(times))}`, '', budget, worst <= budgetMs)
}
