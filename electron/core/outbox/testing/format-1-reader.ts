/**
 * How the build of 24 November reads a ledger, frozen: its decoder and its fold, word for word but for what no test looks at.
 * Never to be brought up to date: what the present build writes must be read by that one.
 */
type Fact = Readonly<Record<string, unknown>> & { readonly t: string; readonly o: number; readonly s: number }

function crc32(bytes: Uint8Array): string {
  let c = 0xffffffff
  for (const byte of bytes) {
    c ^= byte
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  }
  return ((c ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')
}

/** The facts of the lines whose sum is right, and how many lines are damaged. */
export function readFacts(text: string): { readonly facts: readonly Fact[]; readonly damaged: number } {
  const facts: Fact[] = []
  let damaged = 0
  for (const line of text.split('\n')) {
    if (line === '') continue
    const tab = line.length - 9
    const body = line.slice(0, Math.max(0, tab))
    if (line[tab] === '\t' && line.slice(tab + 1) === crc32(Buffer.from(body)))
      facts.push(JSON.parse(body) as Fact)
    else damaged++
  }
  return { facts, damaged }
}

/** What that build makes of them. */
export interface Read {
  readonly version: unknown
  readonly delivered: number
  /** Places of calls that were sent with no outcome known. */
  readonly doubts: readonly string[]
  readonly asides: Readonly<Record<string, unknown>>
  readonly skips: Readonly<Record<string, unknown>>
  readonly upto: number
  readonly finishedAt: number
  isEnded(o: number, s: number): boolean
}

export function readLedger(text: string): Read {
  let [upto, finishedAt, delivered] = [0, -1, 0]
  let version: unknown
  const ended = new Set<string>()
  const doubts = new Set<string>()
  const asides = new Map<string, unknown>()
  const skips = new Map<string, unknown>()
  const end = (key: string, o: number): boolean => {
    if (ended.has(key) || o < upto) return false
    ended.add(key)
    doubts.delete(key)
    return true
  }
  for (const fact of readFacts(text).facts) {
    const key = `${fact.o}.${fact.s}`
    if (fact.t === 'header') version = fact['v']
    else if (fact.t === 'intent') doubts.add(key)
    else if (fact.t === 'unsent') doubts.delete(key)
    else if (fact.t === 'delivered') {
      if (end(key, fact.o) || asides.delete(key)) delivered++
    } else if (fact.t === 'aside') {
      if (end(key, fact.o)) asides.set(key, fact['reason'])
    } else if (fact.t === 'skipped') {
      if (end(key, fact.o)) skips.set(key, fact['reason'])
    } else if (fact.t === 'gone') {
      asides.delete(key)
      skips.delete(key)
      if (fact['why'] !== 'completed') ended.add(key)
      else {
        ended.delete(key)
        finishedAt = -1
      }
    } else if (fact.t === 'upto') upto = Math.max(upto, fact.o)
    else if (fact.t === 'end') finishedAt = fact.o
  }
  return {
    version,
    delivered,
    doubts: [...doubts],
    asides: Object.fromEntries(asides),
    skips: Object.fromEntries(skips),
    upto,
    finishedAt,
    isEnded: (o, s) => o < upto || ended.has(`${o}.${s}`),
  }
}
