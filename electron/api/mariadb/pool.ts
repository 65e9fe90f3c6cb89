/** A bounded number of connections, a bounded wait for one, and a plain word at once while the database is away. */
import type { DatabaseAddress } from './address.ts'
import { TooLate } from './faults.ts'
import { connect, type Link } from './link.ts'

/** How long a call waits for a connection that others use. */
const WAIT_LIMIT_MS = 3_000
const MOST_WAITING = 2_000
/** While it is away, one call in this time looks whether it is back; all others are told at once. */
const LOOK_AGAIN_MS = 300
/** Who comes while one looks waits so long for what it finds: the database may be back since nobody asked for it. */
const JOIN_LOOK_MS = 200

interface Away {
  readonly problem: Error
  lookAt: number
  /** Ends with the call that looks. */
  look: Promise<void> | undefined
}

interface Waiting {
  readonly take: (link: Promise<Link>) => void
  readonly timer: NodeJS.Timeout
}

export class Pool {
  readonly #address: DatabaseAddress
  readonly #links = new Set<Link>()
  readonly #idle: Link[] = []
  #waiting: Waiting[] = []
  #connecting = 0
  #away: Away | undefined
  #isClosed = false

  constructor(address: DatabaseAddress) {
    this.#address = address
  }

  /** Connections in use, at rest, and calls that wait for one. */
  get counts(): { readonly used: number; readonly idle: number; readonly waiting: number } {
    const idle = this.#idle.length
    return { used: this.#links.size + this.#connecting - idle, idle, waiting: this.#waiting.length }
  }

  /** Lends a connection for one piece of work; throws the driver's errors, and `TooLate`. */
  async use<T>(work: (link: Link) => Promise<T>): Promise<T> {
    const lookEnds = this.#away && (await this.#whileAway(this.#away))
    try {
      return await this.#lend(work)
    } finally {
      lookEnds?.()
    }
  }

  /** Throws while the database is away. Of those that come when it is time to look, the first does: told of its end. */
  async #whileAway(away: Away): Promise<(() => void) | undefined> {
    const now = performance.now()
    if (now >= away.lookAt) {
      away.lookAt = now + LOOK_AGAIN_MS
      let end = (): void => undefined
      away.look = new Promise<void>((resolve) => (end = resolve)).then(() => (away.look = undefined))
      return end
    }
    if (away.look) await atMost(away.look, JOIN_LOOK_MS)
    if (this.#away === away) throw away.problem
    return undefined
  }

  async #lend<T>(work: (link: Link) => Promise<T>): Promise<T> {
    const link = await this.#take()
    try {
      const value = await work(link)
      this.#away = undefined
      return value
    } catch (problem) {
      // Those that rest were ended with it, if the database ended it: the next call takes a new one.
      if (link.isBroken) for (const other of this.#idle.slice()) other.destroy()
      // One connection that ended says nothing of the database; one that is not answered does.
      if (link.isBroken && problem instanceof TooLate) this.#isAway(problem)
      throw problem
    } finally {
      this.#giveBack(link)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const link of this.#links) link.destroy()
    for (const one of this.#waiting.splice(0))
      this.#serve(one, Promise.reject(new TooLate('the store is closed')))
  }

  async #take(): Promise<Link> {
    if (this.#isClosed) throw new TooLate('the store is closed')
    const link = this.#idle.pop()
    if (link) return link
    if (this.#links.size + this.#connecting < this.#address.pool) return this.#connect()
    if (this.#waiting.length >= MOST_WAITING) throw new TooLate('too many calls wait for the database')
    return new Promise((resolve) => {
      const one: Waiting = {
        take: resolve,
        timer: setTimeout(() => {
          this.#waiting = this.#waiting.filter((other) => other !== one)
          resolve(Promise.reject(new TooLate(`no connection was free within ${WAIT_LIMIT_MS / 1000} s`)))
        }, WAIT_LIMIT_MS),
      }
      this.#waiting.push(one)
    })
  }

  async #connect(): Promise<Link> {
    this.#connecting++
    try {
      const link = await connect(this.#address)
      this.#links.add(link)
      link.onGone = () => this.#forget(link)
      if (this.#isClosed) link.destroy()
      return link
    } catch (problem) {
      this.#isAway(problem instanceof Error ? problem : new Error(String(problem)))
      throw problem
    } finally {
      this.#connecting--
    }
  }

  #forget(link: Link): void {
    this.#links.delete(link)
    const at = this.#idle.indexOf(link)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#serveNext()
  }

  #giveBack(link: Link): void {
    if (link.isBroken) return
    this.#idle.push(link)
    this.#serveNext()
  }

  /** Whoever waits longest gets what is free; where a connection went, a new one. */
  #serveNext(): void {
    const [one] = this.#waiting
    if (!one || this.#isClosed) return
    const link = this.#idle.pop()
    if (!link && this.#links.size + this.#connecting >= this.#address.pool) return
    this.#waiting.shift()
    this.#serve(one, link ? Promise.resolve(link) : this.#connect())
  }

  #serve(one: Waiting, link: Promise<Link>): void {
    clearTimeout(one.timer)
    one.take(link)
  }

  #isAway(problem: Error): void {
    if (this.#isClosed) return
    this.#away ??= { problem, lookAt: performance.now() + LOOK_AGAIN_MS, look: undefined }
    // They would all wait for the same word.
    for (const one of this.#waiting.splice(0)) this.#serve(one, Promise.reject(problem))
  }
}

async function atMost(end: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([end, new Promise<void>((go) => (timer = setTimeout(go, ms)))])
  clearTimeout(timer)
}
