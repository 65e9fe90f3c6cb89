/** What a server does, counted, as Prometheus reads it (`GET /metrics`). */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Store } from './store.ts'

/** Upper ends of the classes of how long answers took, in seconds. */
const CLASSES = [0.005, 0.025, 0.1, 0.5, 2.5, 10] as const

export interface Metrics {
  /** `ms`: from the request to its answer. */
  answered(method: string, status: number, ms: number): void
  /** The text form; `listeners`: open streams of events. */
  text(isDatabaseUp: boolean, listeners: number): string
  stop(): void
}

/** Counts from now on. */
export function createMetrics(store: Store): Metrics {
  const answers = new Map<string, number>()
  const classes = CLASSES.map(() => 0)
  let count = 0
  let seconds = 0
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  return {
    answered(method, status, ms) {
      const name = `method="${method}",status="${status}"`
      answers.set(name, (answers.get(name) ?? 0) + 1)
      count++
      seconds += ms / 1000
      CLASSES.forEach((end, i) => {
        if (ms <= end * 1000) classes[i] = (classes[i] ?? 0) + 1
      })
    },
    text(isDatabaseUp, listeners) {
      const { used = 0, idle = 0, waiting = 0 } = store.connections?.() ?? {}
      return [
        ...family('coord_requests_total', 'counter', 'Answers by method and status.', [...answers]),
        ...family('coord_request_seconds', 'histogram', 'How long answers took.', []),
        ...CLASSES.map((end, i) => `coord_request_seconds_bucket{le="${end}"} ${classes[i]}`),
        `coord_request_seconds_bucket{le="+Inf"} ${count}`,
        `coord_request_seconds_sum ${seconds}`,
        `coord_request_seconds_count ${count}`,
        ...family('coord_database_up', 'gauge', 'Whether the database can be used.', [
          ['', Number(isDatabaseUp)],
        ]),
        ...family(
          'coord_database_connections',
          'gauge',
          'Connections to a database server, and calls that wait for one.',
          [
            ['state="used"', used],
            ['state="idle"', idle],
            ['state="waited_for"', waiting],
          ],
        ),
        ...family('coord_listeners', 'gauge', 'Open streams of events.', [['', listeners]]),
        ...family(
          'coord_event_loop_delay_seconds',
          'gauge',
          'How long the process was busy, since the last look.',
          [
            ['quantile="0.5"', delay.percentile(50) / 1e9],
            ['quantile="0.99"', delay.percentile(99) / 1e9],
          ],
        ),
        ...family('process_resident_memory_bytes', 'gauge', 'Memory of the process.', [
          ['', process.memoryUsage.rss()],
        ]),
        ...family('process_start_time_seconds', 'gauge', 'When it started.', [
          ['', Date.now() / 1000 - process.uptime()],
        ]),
        '',
      ].join('\n')
    },
    stop: () => void delay.disable(),
  }
}

function family(
  name: string,
  type: string,
  help: string,
  values: readonly (readonly [string, number])[],
): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...values.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`),
  ]
}
