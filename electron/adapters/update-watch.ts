/** Asks the address that a person set whether there is a later version: at most daily, and kept between runs. */
import { join } from 'node:path'
import { z } from 'zod'
import { readJson } from '../../shared/json.ts'
import type { Finding } from '../../shared/protocol.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { isAskDue, readUpdate, type Update } from '../../shared/updates.ts'
import type { Clock, Log } from '../core/ports.ts'
import { jsonFile, type JsonFile } from './json-file.ts'
import { createLightHttp } from './light-http.ts'

/** Behind the start, when nothing waits for the network; then looked at each hour, since machines sleep. */
const FIRST_MS = 30_000
const LOOK_EVERY_MS = 3_600_000
const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 64 * 1024

const kept = z.object({ address: z.string(), askedAt: z.number(), answer: z.unknown() }).nullable()
type Kept = z.output<typeof kept>

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

export const createUpdateWatch = (options: UpdateWatchOptions): UpdateWatch => new AddressWatch(options)

/** Asks an address once: what it answered, or in words why that is nothing. */
async function askOnce({ origin, pathname, search }: URL): Promise<Result<object, string>> {
  const http = createLightHttp({ baseUrl: origin, timeoutMs: TIMEOUT_MS })
  try {
    const call = { method: 'GET', path: `${pathname}${search}`, headers: { accept: 'application/json' } }
    const outcome = await http.request({ ...call, maxAnswerBytes: MAX_ANSWER_BYTES })
    if (outcome.kind !== 'answer') return err(outcome.detail)
    const answer = outcome.status === 200 ? readJson(outcome.text) : undefined
    return typeof answer === 'object' && answer !== null
      ? ok(answer)
      : err(`it answered ${outcome.status}, and not what is asked for`)
  } finally {
    await http.close()
  }
}

class AddressWatch implements UpdateWatch {
  readonly #options: UpdateWatchOptions
  readonly #url: URL
  readonly #file: JsonFile<Kept>
  /** Why the last time it was asked gave nothing. */
  #problem: string | null = null
  #cancel = (): void => undefined
  #isStopped = false

  constructor(options: UpdateWatchOptions) {
    this.#options = options
    this.#url = new URL(options.address)
    this.#file = jsonFile(join(options.home, 'updates.json'), kept, null)
  }

  start(): void {
    const { own, tell, clock } = this.#options
    const known = readUpdate(this.#read()?.answer, own)
    if (known !== null) tell(known)
    this.#cancel = clock.schedule(FIRST_MS, () => this.#look())
  }
  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  finding(): Finding {
    const { own } = this.#options
    const last = this.#read()
    const update = readUpdate(last?.answer, own)
    if (update === null)
      return {
        check: 'version',
        isWell: this.#problem === null ? true : null,
        detail: this.#noneWords(last?.askedAt ?? null),
        fix: null,
      }
    return {
      check: 'version',
      isWell: null,
      detail: `${update.version} is there, this is ${own}${update.url === null ? '' : `: ${update.url}`}`,
      fix: 'Install it when it suits you; nothing is installed by itself.',
    }
  }

  #noneWords(askedAt: number | null): string {
    const { own, address } = this.#options
    if (this.#problem !== null) return `${own}; ${address} could not be asked: ${this.#problem}`
    const asked = askedAt === null ? 'not asked yet' : `asked ${new Date(askedAt).toISOString()}`
    return `${own}; ${address} names none that is newer (${asked})`
  }

  /** Of another address nothing counts. */
  #read(): Kept {
    const { value } = this.#file.read()
    return value?.address === this.#options.address ? value : null
  }

  #look(): void {
    const { clock, log } = this.#options
    if (this.#isStopped) return
    this.#cancel = clock.schedule(LOOK_EVERY_MS, () => this.#look())
    if (isAskDue(this.#read()?.askedAt ?? null, clock.now()))
      this.#ask().catch((cause: unknown) =>
        log.warn('asking for a later version failed', { cause: String(cause) }),
      )
  }

  async #ask(): Promise<void> {
    const { address, own, clock, log, tell } = this.#options
    const before = this.#read()
    // first of all: a program that dies of the answer does not ask at each start
    this.#file.write({ address, askedAt: clock.now(), answer: before?.answer ?? null })
    const asked = await askOnce(this.#url)
    this.#problem = asked.ok ? null : asked.error
    if (!asked.ok) return log.info('asking for a later version failed', { problem: asked.error })
    this.#file.write({ address, askedAt: clock.now(), answer: asked.value })
    const update = readUpdate(asked.value, own)
    if (update !== null && !this.#isStopped) tell(update)
  }
}
