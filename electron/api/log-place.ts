/**
 * Where a reader stands in the log of changes. Numbers are given before the commit, so that commits come in any order: each number up
 * to the position was read, or is looked for as missing, or was given up and `resync` told in its place.
 */
import {
  CHANGES_KEPT,
  CHANGES_KEPT_MS,
  type ChangeEntry,
  type ChangeLog,
  type Gap,
  type Missing,
} from './store.ts'

/**
 * No transaction of ours lasts so long: the database itself ends each (`mariadb/link.ts`). Its number still does not come then, unless
 * somebody else writes; it is looked for all the same, and holds nobody back.
 */
const YOUNG_MS = 30_000
const OLD_EVERY_MS = 5_000
/** Time without an answer of the database is time in which nobody could commit. */
const MOST_BETWEEN_MS = 1_000
/** Whoever did not look for so long may have missed what came late and was cut since: half of what a change is kept for (`CHANGES_KEPT_MS`). */
const ASLEEP_MS = CHANGES_KEPT_MS / 2

interface Absent extends Gap {
  readonly since: number
  /** Not where the place begins anew, and it lies in a part that may be cut: no listener comes back to before it. */
  readonly isNear: boolean
}

/** What listeners are to be told: entries, or null for `resync`. */
export type News = readonly ChangeEntry[] | null

export class LogPlace {
  readonly #steady: () => number
  #position: number | null = null
  /** In the order of their numbers. */
  #missing: readonly Absent[] = []
  /** Milliseconds in which the database answered. */
  #time = 0
  #takenAt: number | undefined
  #oldAskedAt = 0

  /** `steady`: milliseconds of a clock that never jumps. */
  constructor(steady: () => number) {
    this.#steady = steady
  }

  /** The last number that was read; null before the first reading. */
  get position(): number | null {
    return this.#position
  }

  /** All up to here was told of, but for what no transaction can still commit. */
  get safe(): number {
    const first = this.#missing.find((gap) => gap.isNear && this.#isYoung(gap))
    return Math.min(this.#position ?? 0, (first?.from ?? Infinity) - 1)
  }

  /** What is missing: numbers that are so for long are seldom looked for. */
  toAskFor(): Missing {
    const all = this.#missing
    if (this.#time - this.#oldAskedAt < OLD_EVERY_MS)
      return { now: all.filter((gap) => this.#isYoung(gap)), all }
    this.#oldAskedAt = this.#time
    return { now: all, all }
  }

  /** Goes on by what was read after its position; what is to be told of it. */
  take(log: ChangeLog): News {
    const now = this.#steady()
    this.#time += Math.min(now - (this.#takenAt ?? now), MOST_BETWEEN_MS)
    const wasAsleep = now - (this.#takenAt ?? now) > ASLEEP_MS
    this.#takenAt = now
    const isNew = this.#position === null || log.isCut
    const before = isNew ? [] : without(this.#missing, log.entries)
    const fresh = log.missing.map((gap) => ({
      ...gap,
      since: this.#time,
      isNear: !isNew || gap.to > log.last - CHANGES_KEPT,
    }))
    this.#position = isNew ? log.last : Math.max(this.#position ?? 0, log.entries.at(-1)?.seq ?? 0)
    this.#missing = [...before, ...fresh]
    const isGivenUp = this.#giveUp()
    return log.isCut || isGivenUp || wasAsleep ? null : log.entries
  }

  /** Begins anew. */
  forget(): void {
    this.#position = null
    this.#missing = []
  }

  #isYoung(gap: Absent): boolean {
    return this.#time - gap.since < YOUNG_MS
  }

  /** Many at once, so that `resync` is told once for as many changes as the log keeps. */
  #giveUp(): boolean {
    const end = this.#position ?? 0
    const isOver = (gap: Absent, behind: number): boolean => gap.to <= end - behind && !this.#isYoung(gap)
    if (!this.#missing.some((gap) => isOver(gap, 2 * CHANGES_KEPT))) return false
    this.#missing = this.#missing.filter((gap) => !isOver(gap, CHANGES_KEPT))
    return true
  }
}

/** What is left of gaps without the numbers of some entries. */
function without(gaps: readonly Absent[], entries: readonly ChangeEntry[]): readonly Absent[] {
  if (gaps.length === 0) return gaps
  const came = entries.map((entry) => entry.seq).sort((a, b) => a - b)
  let next = 0
  return gaps.flatMap((gap) => {
    const left: Absent[] = []
    let { from } = gap
    while (next < came.length && (came[next] ?? 0) < from) next++
    for (; next < came.length && (came[next] ?? 0) <= gap.to; next++) {
      const seq = came[next] ?? 0
      if (seq > from) left.push({ ...gap, from, to: seq - 1 })
      from = seq + 1
    }
    if (from <= gap.to) left.push({ ...gap, from })
    return left
  })
}
