/** The small parts of the simulated machine: a log that says nothing, keys that show what they are of, an owner without rivals. */
import { err } from '../../../shared/result.ts'
import type { OwnerPort } from '../../core/outbox/owner-port.ts'
import type { HttpCall, HttpOutcome, Keys, Log } from '../../core/ports.ts'
import type { FakeApi, Reply } from './api.ts'

export const silentLog: Log = { info() {}, warn() {}, error() {} }

/** The key is the name itself. */
export const plainKeys: Keys = { uuid5: (name) => name }

export const noWatcher = { watch: () => () => undefined }

/** Gives the folder to whoever asks, as long as the process lives. */
export function createSoleOwner(isAlive: () => boolean = () => true): OwnerPort {
  let isHeld = false
  return {
    acquire() {
      isHeld = true
      return Promise.resolve({ kind: 'this' })
    },
    release() {
      isHeld = false
      return Promise.resolve()
    },
    isStillOwner: () => isHeld && isAlive(),
    ask: () => Promise.resolve(err({ code: 'not-owner', message: '' })),
  }
}

/** A reply of the API as it comes over the wire, dated by the server's clock. */
export const toOutcome = (reply: Reply, now: number): HttpOutcome => ({
  kind: 'answer',
  status: reply.status,
  headers: {
    'content-type': 'application/json',
    date: new Date(now).toUTCString(),
    ...reply.headers,
  },
  text: reply.body === undefined ? '' : JSON.stringify(reply.body),
  isCut: false,
})

/** The API does what the call says, and answers it. */
export const askApi = (api: FakeApi, call: HttpCall): Reply =>
  api.handle(call.method, call.path, call.headers, typeof call.body === 'string' ? call.body : '')
