/** Where a reader stands in a log of which commits come in any order: nothing is passed over, whatever commits late or never. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LogPlace } from './log-place.ts'
import { CHANGES_KEPT, CHANGES_KEPT_MS, type ChangeEntry, type ChangeLog, type Gap } from './store.ts'

/** Longer than any transaction lasts. */
const LONGEST_MS = 30_000

const entry = (seq: number): ChangeEntry => ({
  seq,
  kind: 'locks',
  act: 'claimed',
  project: null,
  id: String(seq),
  machine: null,
  at: 0,
})

interface Open {
  readonly seqs: readonly number[]
  readonly since: number
}

/** A log as a database has it: numbers are given at once, rows are seen from the commit on. */
class Log {
  #next = 1
  /** With when their transactions began. */
  readonly #rows = new Map<number, number>()
  readonly open: Open[] = []

  get last(): number {
    let last = 0
    for (const seq of this.#rows.keys()) last = Math.max(last, seq)
    return last
  }
  begin(n: number, now: number): Open {
    const one = { seqs: Array.from({ length: n }, () => this.#next++), since: now }
    this.open.push(one)
    return one
  }
  end(one: Open, isKept: boolean): readonly number[] {
    this.open.splice(this.open.indexOf(one), 1)
    if (!isKept) return []
    for (const seq of one.seqs) this.#rows.set(seq, one.since)
    return one.seqs
  }
  leap(by: number): void {
    this.#next += by
  }
  cut(now: number): void {
    const upTo = this.last - CHANGES_KEPT
    for (const [seq, since] of this.#rows)
      if (seq <= upTo && now - since > CHANGES_KEPT_MS) this.#rows.delete(seq)
  }
  read(after: number | null, limit: number, gaps: readonly Gap[]): ChangeLog {
    const sorted = [...this.#rows.keys()].sort((a, b) => a - b)
    const last = sorted.at(-1) ?? 0
    const isCut =
      after !== null && (after > last || (after < last - CHANGES_KEPT && after < (sorted[0] ?? 0) - 1))
    const between = (from: number, seqs: readonly number[]): Gap[] =>
      seqs.flatMap((seq, i) => {
        const before = i === 0 ? from : (seqs[i - 1] ?? 0)
        return seq > before + 1 ? [{ from: before + 1, to: seq - 1 }] : []
      })
    if (after === null || isCut) return { entries: [], last, isCut, missing: between(0, sorted) }
    const late = sorted.filter((seq) => gaps.some((gap) => gap.from <= seq && seq <= gap.to)).slice(0, limit)
    const rows = sorted.filter((seq) => seq > after).slice(0, limit)
    return { entries: [...late, ...rows].map(entry), last, isCut, missing: between(after, rows) }
  }
}

/** A reader of a log, and what it was told. */
class Reader {
  now = 0
  readonly log = new Log()
  readonly place = new LogPlace(() => this.now)
  /** What was committed since it began, and is not told of yet. */
  readonly owed = new Set<number>()
  readonly told: number[] = []
  /** What was so far behind when it began, or had to begin anew, holds nobody back. */
  #far = 0

  commit(one: Open): void {
    const isTooLong = this.now - one.since >= LONGEST_MS
    for (const seq of this.log.end(one, true))
      if (this.place.position !== null && !isTooLong) this.owed.add(seq)
  }
  look(limit: number): void {
    const log = this.log.read(this.place.position, limit, this.place.toAskFor().now)
    if (this.place.position === null || log.isCut) this.#far = log.last - CHANGES_KEPT
    const news = this.place.take(log)
    if (news === null) return this.owed.clear()
    for (const { seq } of news) {
      this.told.push(seq)
      this.owed.delete(seq)
    }
  }
  /** Until nothing comes any more, the numbers that are seldom asked for too. */
  lookToTheEnd(): void {
    for (let left = 8; left > 0; left--) {
      this.now += 1_000
      do this.look(1_000)
      while (this.place.position !== null && this.place.position < this.log.last)
    }
  }
  expectSafe(): void {
    if (this.place.position === null) return
    const young = this.log.open.filter((one) => this.now - one.since < LONGEST_MS)
    const least = Math.min(Infinity, ...young.flatMap((one) => one.seqs).filter((seq) => seq > this.#far))
    expect(least).toBeGreaterThan(this.place.safe)
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ act: fc.constant('begin' as const), n: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('begin' as const), n: fc.constant(1_500) }) },
    { weight: 6, arbitrary: fc.record({ act: fc.constant('commit' as const), n: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('roll back' as const), n: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('leap' as const), n: fc.integer({ min: 1, max: 30_000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('cut' as const), n: fc.nat() }) },
    {
      weight: 6,
      arbitrary: fc.record({ act: fc.constant('look' as const), n: fc.integer({ min: 1, max: 1_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constant('wait' as const),
        n: fc.oneof(fc.integer({ min: 1, max: 4_000 }), fc.constant(70_000)),
      }),
    },
  ),
  { minLength: 5, maxLength: 80 },
)

describe('a place in a log of which commits come in any order', () => {
  it('is told of each change once, or that some were missed; and never calls safe what may still come', () => {
    fc.assert(
      fc.property(steps, (acts) => {
        const reader = new Reader()
        const { log } = reader
        const nth = (n: number): Open | undefined => log.open[n % Math.max(1, log.open.length)]
        for (const { act, n } of acts) {
          const one = nth(n)
          if (act === 'begin') log.begin(n, reader.now)
          else if (act === 'commit' && one) reader.commit(one)
          else if (act === 'roll back' && one) log.end(one, false)
          else if (act === 'leap') log.leap(n)
          else if (act === 'cut') log.cut(reader.now)
          else if (act === 'wait') reader.now += n
          else if (act === 'look') reader.look(n)
          reader.expectSafe()
        }
        for (const one of [...log.open]) reader.commit(one)
        reader.lookToTheEnd()
        expect([...reader.owed]).toEqual([])
        expect(new Set(reader.told).size).toBe(reader.told.length)
      }),
      { numRuns: 500 },
    )
  })

  it.each([1, 499, 501, 1_001, 9_000])(
    'a change that is committed behind %i later ones is told of, though they are all read at once',
    (later) => {
      const reader = new Reader()
      reader.look(10)
      const slow = reader.log.begin(1, reader.now)
      reader.commit(reader.log.begin(later, reader.now))
      reader.lookToTheEnd()
      reader.commit(slow)
      reader.lookToTheEnd()
      expect(reader.told).toContain(slow.seqs[0])
    },
  )

  it('one of many numbers in one transaction too: none is forgotten for their number', () => {
    const reader = new Reader()
    reader.look(10)
    const slow = reader.log.begin(4_000, reader.now)
    reader.commit(reader.log.begin(1, reader.now))
    reader.lookToTheEnd()
    reader.commit(slow)
    reader.lookToTheEnd()
    expect(reader.told).toHaveLength(4_001)
  })

  it('numbers that never come hold nobody back for long, and cost one word that some may be missing', () => {
    const reader = new Reader()
    reader.look(10)
    reader.log.end(reader.log.begin(3, reader.now), false)
    reader.commit(reader.log.begin(1, reader.now))
    reader.look(10)
    expect(reader.place.safe).toBe(0)
    for (let second = 0; second < 31; second++) {
      reader.now += 1_000
      reader.look(10)
    }
    expect(reader.place.safe).toBe(4)
    let resyncs = 0
    for (let n = 0; n < 30; n++) {
      reader.commit(reader.log.begin(1_000, reader.now))
      const log = reader.log.read(reader.place.position, 1_000, reader.place.toAskFor().now)
      if (reader.place.take(log) === null) resyncs++
      reader.log.cut(reader.now)
    }
    expect(resyncs).toBe(1)
  })

  it('time in which the database did not answer ends no wait', () => {
    const reader = new Reader()
    reader.look(10)
    const slow = reader.log.begin(1, reader.now)
    reader.commit(reader.log.begin(1, reader.now))
    reader.look(10)
    reader.now += 3_600_000
    reader.look(10)
    expect(reader.place.safe).toBe(0)
    reader.commit(slow)
    reader.look(10)
    expect(reader.told).toEqual([2, 1])
  })
})
