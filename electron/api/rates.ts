/** How much somebody may do: so many a second, and some at once. */

export interface Rate {
  readonly aSecond: number
  /** How many at once. */
  readonly burst: number
}

interface Bucket {
  left: number
  at: number
}

/** Nobody makes the list of those who called grow without an end. */
const MOST_NAMES = 10_000

/** A bucket for each name: each act takes one out, time fills it again. */
export class Buckets {
  readonly #rate: Rate
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Takes one at `at` (milliseconds of a steady clock); 0 where there was one, else in how many whole seconds there is. */
  take(name: string, at: number): number {
    const { aSecond, burst } = this.#rate
    const bucket = this.#buckets.get(name) ?? { left: burst, at }
    bucket.left = Math.min(burst, bucket.left + ((at - bucket.at) * aSecond) / 1000)
    bucket.at = at
    this.#keep(name, bucket)
    if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / aSecond))
    bucket.left--
    return 0
  }

  /** What was taken turned out to cost nothing. */
  giveBack(name: string): void {
    const bucket = this.#buckets.get(name)
    if (bucket) bucket.left = Math.min(this.#rate.burst, bucket.left + 1)
  }

  /** Whoever was not here for the longest makes room: their bucket is the fullest. */
  #keep(name: string, bucket: Bucket): void {
    this.#buckets.delete(name)
    if (this.#buckets.size >= MOST_NAMES) {
      const [oldest] = this.#buckets.keys()
      if (oldest !== undefined) this.#buckets.delete(oldest)
    }
    this.#buckets.set(name, bucket)
  }
}
