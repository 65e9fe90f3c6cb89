/** Asks the address that a person set whether there is a later version: at most daily, and kept between runs. */
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../../shared/json.ts'
import type { Finding } from '../../shared/protocol.ts'
import { isAskDue, readUpdate, type Update } from '../../shared/updates.ts'
import type { Clock, Log } from '../core/ports.ts'
import { jsonFile } from './json-file.ts'
import { createLightHttp } from './light-http.ts'

/** Behind the start, when nothing waits for the network; then looked at each hour, since machines sleep. */
const FIRST_MS = 30_000
const LOOK_EVERY_MS = 3_600_000
const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024

const kept = z.object({ address: z.string(), askedAt: z.number(), answer: z.unknown() }).nullable()

export interface UpdateWatchOptions {
  /** `http(s)://…`, whole. */
  readonly address: string
  /** This program's version. */
  readonly own: string
  readonly home: string
  readonly clock: Clock
  readonly log: Log
  /** Told at the start where one is known already, and when one is found. */
  readonly tell: (update: Update) => void
}

export interface UpdateWatch {
  start(): void
  stop(): void
  /** For Check: what is known. */
  finding(): Finding
}

export function createUpdateWatch({ address, own, home, clock, log, tell }: UpdateWatchOptions): UpdateWatch {
  const file = jsonFile(join(home, 'updates.json'), kept, null)
  const { origin, pathname, search } = new URL(address)
  /** Of another address nothing counts. */
  const read = (): z.output<typeof kept> => {
    const { value } = file.read()
    return value?.address === address ? value : null
  }
  let problem: string | null = null
  let cancel = (): void => undefined
  let isStopped = false

  async function ask(): Promise<void> {
    const before = read()
    // first of all: a program that dies of the answer does not ask at each start
    file.write({ address, askedAt: clock.now(), answer: before?.answer ?? null })
    const http = createLightHttp({ baseUrl: origin, timeoutMs: TIMEOUT_MS })
    try {
      const call = { method: 'GET', path: `${pathname}${search}`, headers: { accept: 'application/json' } }
      const outcome = await http.request({ ...call, maxAnswerBytes: MAX_ANSWER_BYTES })
      const answer = outcome.kind === 'answer' && outcome.status === 200 ? readJson(outcome.text) : undefined
      if (typeof answer !== 'object' || answer === null) {
        problem =
          outcome.kind === 'answer'
            ? `it answered ${outcome.status}, and not what is asked for`
            : outcome.detail
        log.info('asking for a later version failed', { problem })
        return
      }
      problem = null
      file.write({ address, askedAt: clock.now(), answer })
      const update = readUpdate(answer, own)
      if (update !== null && !isStopped) tell(update)
    } finally {
      await http.close()
    }
  }

  function look(): void {
    if (isStopped) return
    cancel = clock.schedule(LOOK_EVERY_MS, look)
    if (isAskDue(read()?.askedAt ?? null, clock.now()))
      ask().catch((cause: unknown) => log.warn('asking for a later version failed', { cause: String(cause) }))
  }

  return {
    start() {
      const known = readUpdate(read()?.answer, own)
      if (known !== null) tell(known)
      cancel = clock.schedule(FIRST_MS, look)
    },
    stop() {
      isStopped = true
      cancel()
    },
    finding() {
      const last = read()
      const update = readUpdate(last?.answer, own)
      const asked = last === null ? 'not asked yet' : `asked ${new Date(last.askedAt).toISOString()}`
      if (update !== null)
        return {
          check: 'version',
          isWell: null,
          detail: `${update.version} is there, this is ${own}${update.url === null ? '' : `: ${update.url}`}`,
          fix: 'Install it when it suits you; nothing is installed by itself.',
        }
      return {
        check: 'version',
        isWell: problem === null ? true : null,
        detail: `${own}; ${address} ${problem === null ? `names none that is newer (${asked})` : `could not be asked: ${problem}`}`,
        fix: null,
      }
    },
  }
}
