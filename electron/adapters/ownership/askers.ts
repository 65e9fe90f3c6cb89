/** The other processes that are connected to an owner: some ask for something, the others wait for its end. */
import type { Socket } from 'node:net'
import type { Result } from '../../../shared/result.ts'
import type { OwnerRequest } from '../../core/outbox/owner-port.ts'
import { serveAsker, type TalkDeps } from './owner-talk.ts'

export class Askers {
  readonly #deps: TalkDeps
  readonly #onRequest: (request: OwnerRequest) => Promise<Result<unknown, unknown>>
  readonly #idle = new Set<Socket>()
  readonly #answered = new Set<Socket>()

  constructor(deps: TalkDeps, onRequest: (request: OwnerRequest) => Promise<Result<unknown, unknown>>) {
    this.#deps = deps
    this.#onRequest = onRequest
  }

  /** Serves one connection. `name`: the folder's, as both sides derive it. */
  serve(asker: Socket, name: string): void {
    this.#idle.add(asker)
    asker.once('close', () => {
      this.#idle.delete(asker)
      this.#answered.delete(asker)
    })
    serveAsker(this.#deps, asker, name, (request) => {
      this.#idle.delete(asker)
      this.#answered.add(asker)
      return this.#onRequest(request)
    }).catch(() => asker.destroy())
  }

  /** Whether an answer is owed. */
  get isAnswering(): boolean {
    return this.#answered.size > 0
  }

  /** Ends the connections of those that have asked for nothing: so they learn at once that the folder is free. */
  endIdle(): void {
    for (const asker of this.#idle) asker.destroy()
  }
}
