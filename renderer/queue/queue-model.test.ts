import { describe, expect, it } from 'vitest'
import { noFacts } from '../../shared/call.ts'
import type { CallRow, WaitingRow, WorkspaceView } from '../../shared/snapshot.ts'
import { toText } from '../parts/Sentence.tsx'
import { toEditable, toOneLine, toShownJson } from './call-json.ts'
import { sentenceOf } from './call-words.ts'
import { describeCause, groupOf, groupTitle } from './causes.ts'
import {
  countsOf,
  describeEnd,
  describeRun,
  oldestWaitingOf,
  paceOf,
  watch,
  type Run,
} from './flush-watch.ts'
import {
  callIdOf,
  describeMissing,
  findCall,
  foldOf,
  joinEnded,
  joinWaiting,
  neighbourOf,
  NOTHING_BEYOND,
  toQueueRows,
  type Looked,
} from './queue-rows.ts'
import type { Whole } from './use-call.ts'

const machine = { name: 'DESK', aliases: ['desk-2'] }
const row = (id: string, change: Partial<CallRow> = {}): CallRow => ({
  ...noFacts,
  id,
  ts: '2026-05-12T10:00:00Z',
  method: 'POST',
  path: '/api/coord/locks',
  reason: 'the API answered 422: resource is required',
  cause: 'rejected',
  status: 422,
  field: null,
  holder: null,
  preview: '',
  ...change,
})
const waits = (id: string): WaitingRow => ({
  ...noFacts,
  id,
  ts: null,
  method: 'POST',
  path: '/api/coord/locks',
  preview: '',
})
const folder = (name: string, change: Partial<WorkspaceView> = {}): WorkspaceView => ({
  path: `/${name}`,
  name,
  waiting: change.next?.length ?? 0,
  delivered: 0,
  setAsideCount: change.setAside?.length ?? 0,
  skippedCount: 0,
  setAside: [],
  skipped: [],
  lately: [],
  next: [],
  sending: null,
  owner: 'this',
  problem: null,
  oldestWaiting: null,
  ...change,
})
const looked: Looked = { machine, filter: '', project: null, toggled: new Set(), going: new Set() }

describe('a call as a sentence', () => {
  const said = (change: Partial<CallRow>): string => toText(sentenceOf(row('1', change), machine))
  it('says what it does, to what, for whom; a session of this machine by its own name', () => {
    expect(said({ effect: 'claim', resource: 'dashboard', session: 'desk-2/docs' })).toBe(
      'Claim dashboard for docs',
    )
    expect(said({ effect: 'claim', resource: 'dashboard', session: 'OTHER/docs' })).toBe(
      'Claim dashboard for OTHER/docs',
    )
    expect(said({ effect: 'component', resource: 'server', state: 'deployed' })).toBe(
      'Set server to deployed',
    )
    expect(said({ effect: 'message', to: null, resource: 'All stop' })).toBe('Tell everyone: All stop')
    expect(said({ effect: 'release-all', session: 'DESK/a' })).toBe('Release all locks of a')
  })
  it('never invents a name that the call does not have', () => {
    expect(said({ effect: 'claim' })).toBe('Claim a resource that is not named')
    expect(said({ effect: 'other', method: 'PUT', path: '/api/coord/x' })).toBe('PUT x')
    expect(said({ method: null, path: null, preview: '' })).toBe('A line that is no call')
    expect(said({ method: null, path: null, preview: '{"ts' })).toBe('{"ts')
  })
})

describe('causes', () => {
  it('are told apart by codes and status, never by words', () => {
    expect(groupOf(row('1', { reason: 'held by nobody' }))).toBe('field')
    expect(groupOf(row('1', { status: 404 }))).toBe('gone')
    expect(groupOf(row('1', { status: 404, field: 'x' }))).toBe('field')
    expect(groupOf(row('1', { status: 403 }))).toBe('rejected')
    expect(groupOf(row('1', { cause: 'held' }))).toBe('held')
    expect(groupOf(row('1', { cause: 'not-json' }))).toBe('no-call')
    expect(groupOf(row('1', { cause: 'constructor' }))).toBe('unknown')
  })
  it('say one and many', () => {
    expect(groupTitle('field', 1)).toBe('1 call has a field that the API rejects')
    expect(groupTitle('no-call', 1_200)).toBe('1,200 lines are no calls')
  })
  it('say that a field is missing only where the body was read and lacks it', () => {
    const call = row('1', { field: 'resource' })
    expect(toText(describeCause(call, true))).toMatch(/resource is missing/)
    expect(toText(describeCause(call, false))).not.toMatch(/missing/)
    expect(toText(describeCause(call, null))).not.toMatch(/missing/)
  })
})

describe('rows', () => {
  const two = [
    folder('a', { setAside: [row('1'), row('2', { status: 404, ts: '2026-05-12T09:00:00Z' })] }),
    folder('b', {
      setAside: [row('3', { project: 'web', ts: '2026-05-12T11:00:00Z' })],
      problem: 'read-only',
    }),
  ]
  const keys = (change: Partial<Looked> = {}): readonly string[] =>
    toQueueRows(two, NOTHING_BEYOND, { ...looked, ...change }).map((one) => one.key)

  it('are grouped by cause over all folders, newest first, a faulty folder before all', () => {
    expect(keys()).toEqual(['fault /b', 'head field', '3', '1', 'head gone', '2', 'head folders'])
  })
  it('are folded, filtered, kept to a project, and without those whose act is put off', () => {
    expect(keys({ toggled: new Set(['head field']) })).toEqual([
      'fault /b',
      'head field',
      'head gone',
      '2',
      'head folders',
    ])
    expect(keys({ filter: 'WEB locks' })).toEqual(['head field', '3'])
    expect(keys({ filter: 'nothing like it' })).toEqual([])
    expect(keys({ project: 'web' })).toEqual(['fault /b', 'head field', '3'])
    expect(keys({ going: new Set(['1', '3']) })).toEqual(['fault /b', 'head gone', '2', 'head folders'])
  })
  it('say that they are not all of a cause where the list is narrowed', () => {
    const titles = (change: Partial<Looked>) =>
      toQueueRows(two, NOTHING_BEYOND, { ...looked, ...change }).flatMap((one) =>
        one.kind === 'head' && one.group ? [one.title] : [],
      )
    expect(titles({})[0]).toBe('2 calls have a field that the API rejects')
    expect(titles({ filter: 'web' })).toEqual(['1 call has a field that the API rejects, of those that fit'])
  })
  it('has what an address names, whatever the list is narrowed to or has folded, and knows what hides it', () => {
    const [a] = two
    const all = a ? [{ ...a, skipped: [row('k')], skippedCount: 1, next: [waits('w')], waiting: 1 }] : []
    const narrow = {
      ...looked,
      filter: 'nothing like it',
      project: 'other',
      toggled: new Set(['head field']),
    }
    for (const [key, kind] of [
      ['1', 'ended'],
      ['k', 'ended'],
      ['waiting w', 'waiting'],
    ] as const)
      expect(findCall(all, NOTHING_BEYOND, narrow, key)).toMatchObject({ kind, key })
    expect(findCall(all, NOTHING_BEYOND, narrow, 'none')).toBeUndefined()
    expect(findCall(all, NOTHING_BEYOND, { ...looked, going: new Set(['1']) }, '1')).toBeUndefined()
    const foldedAt = (key: string, change: Partial<Looked>) => {
      const found = findCall(all, NOTHING_BEYOND, looked, key)
      return found && foldOf(all, NOTHING_BEYOND, { ...looked, ...change }, found)
    }
    expect(foldedAt('k', {})).toBe('head skipped')
    expect(foldedAt('1', {})).toBeNull()
    expect(foldedAt('1', narrow)).toBe('head field')
  })
  it('says of a call that is not listed only what is so', () => {
    const going = new Set(['g'])
    const call = { id: 'x' } as Whole
    expect(describeMissing('g', going, call)).toMatch(/about to be discarded/)
    expect(describeMissing('x', going, 'asking')).toBe('Reading…')
    expect(describeMissing('x', going, 'unread')).toMatch(/cannot be read now/)
    expect(describeMissing('x', going, call)).toMatch(/^It is in the queue, beyond/)
    for (const whole of ['asking', 'unread', call] as const)
      expect(describeMissing('x', going, whole)).not.toMatch(/any more|not in the queue/)
    expect(describeMissing('x', going, 'gone')).toMatch(/not in the queue any more/)
    // It may have been set aside, under another id.
    expect(describeMissing('waiting x', going, 'gone')).toBe('This call does not wait any more.')
    expect(describeMissing('late x', going, 'gone')).toMatch(/not among those that were delivered lately/)
    expect(['waiting 64:9.1.0', 'late d1', 's.0.0'].map(callIdOf)).toEqual(['64:9.1.0', 'd1', 's.0.0'])
  })
  it('say how many are not listed, and never list more than there are', () => {
    const many = [folder('a', { setAside: [row('1')], setAsideCount: 3 })]
    const all = toQueueRows(many, NOTHING_BEYOND, looked)
    expect(all.find((one) => one.kind === 'more')).toMatchObject({
      text: '2 more set aside, older than these',
    })
    expect(joinEnded([row('1')], [row('1'), row('2'), row('3')], 2).map((call) => call.id)).toEqual([
      '1',
      '2',
    ])
  })
  it('go on from a call to the next one, else to the one before', () => {
    const all = toQueueRows(two, NOTHING_BEYOND, looked)
    expect(neighbourOf(all, '3')).toBe('1')
    expect(neighbourOf(all, '1')).toBe('2')
    expect(neighbourOf(all, '2')).toBe('1')
    expect(neighbourOf([], '2')).toBeNull()
  })
  it('that wait: what stood before the first of the snapshot was sent meanwhile', () => {
    const asked = ['a', 'b', 'c', 'd', 'e'].map(waits)
    expect(joinWaiting([waits('c'), waits('d')], asked, 3).map((one) => one.id)).toEqual(['c', 'd', 'e'])
    expect(joinWaiting([waits('x')], asked, 9).map((one) => one.id)).toEqual(['x'])
    expect(joinWaiting([], asked, 0)).toEqual([])
  })
})

describe('the line of a call', () => {
  const line = '{"method":"POST","body":{"a":[1,{"b":2}],"n":12345678901234567890,"e":{}}}'
  it('is indented in its own words, and goes back into one line', () => {
    expect(toEditable(line)).toContain('    "n": 12345678901234567890,')
    expect(toEditable(line)).toContain('    "e": {}')
    const back = toOneLine(toEditable(line))
    expect(back).not.toContain('\n')
    expect(back).toContain('12345678901234567890')
    expect(JSON.parse(back ?? '')).toEqual(JSON.parse(line))
    expect(toOneLine('{')).toBeUndefined()
  })
  it('shows what cannot be seen as escapes that mean the same', () => {
    const hidden = '{"a":"x\u202ey\u{e0041}"}'
    expect(toEditable(hidden)).toContain('x\\u202ey\\udb40\\udc41')
    expect(JSON.parse(toEditable(hidden))).toEqual(JSON.parse(hidden))
    expect(toEditable('no json \u202e')).toBe('no json \\u202e')
  })
  it('marks the faulty field with all that it holds, and nothing else', () => {
    const { lines, isMissing } = toShownJson(line, 'a')
    expect(isMissing).toBe(false)
    expect(lines.filter((one) => one.mark === 'faulty').map((one) => one.text.trim())).toEqual([
      '"a": [',
      '1,',
      '{',
      '"b": 2',
      '}',
      '],',
    ])
    expect(toShownJson('{"a":1,"body":{"b":{"a":2}}}', 'a').lines.some((one) => one.mark === 'faulty')).toBe(
      false,
    )
  })
  it('names a missing field in the body, and only there', () => {
    const { lines, isMissing } = toShownJson(line, 'resource')
    expect(isMissing).toBe(true)
    expect(lines.filter((one) => one.mark === 'missing').map((one) => one.text)).toEqual([
      '    "resource" is missing',
    ])
    expect(toShownJson('{"body":{}}', 'r').lines.map((one) => one.mark)).toEqual([
      null,
      null,
      'missing',
      null,
    ])
    expect(toShownJson('{"path":"/x"}', 'r').isMissing).toBeNull()
    expect(toShownJson('{"bo', 'r')).toEqual({ lines: [{ text: '{"bo', mark: null }], isMissing: null })
  })
})

describe('a flush', () => {
  const at = (waiting: number, delivered: number, setAside = 0) => ({
    waiting,
    delivered,
    setAside,
    skipped: 0,
  })
  const play = (...steps: [number, ReturnType<typeof at>][]): Run =>
    steps.reduce<Run | null>((run, [ms, counts]) => watch(run, counts, ms), null) as Run

  it('says how many of how many, how fast, and how long still', () => {
    const run = play([0, at(10_000, 7)], [1_000, at(9_860, 147)], [2_000, at(9_720, 285, 2)])
    expect(describeRun(run, paceOf(run, 2_000))).toBe('280 of 10,000 · 140/s · 1 min left')
  })

  it.each([
    ['it stood still, said again and again', [0, 4_000, 8_000, 11_500]],
    ['it stood still, and nothing was said of it', [0]],
  ])('is timed from where calls began to go, not from before: %s', (_, still) => {
    const before = still.map((ms): [number, ReturnType<typeof at>] => [ms, at(10_000, 0)])
    const run = play(...before, [12_000, at(9_990, 10)], [14_000, at(9_600, 400)])
    const pace = paceOf(run, 14_000)
    expect(pace?.perSecond).toBeGreaterThanOrEqual(150)
    expect(pace?.perSecond).toBeLessThanOrEqual(200)
  })
  it('says no pace before there is one, nor one that is over', () => {
    const run = play([0, at(10, 0)], [100, at(9, 1)])
    expect(paceOf(run, 100)).toBeNull()
    const still = play([0, at(10, 0)], [100, at(9, 1)], [40_000, at(9, 1)], [60_000, at(9, 1)])
    expect(paceOf(still, 60_000)).toBeNull()
    expect(describeRun(still, null)).toBe('1 of 10')
  })
  it('counts what comes meanwhile, and a call that is sent again is not undone', () => {
    const run = play([0, at(10, 0)], [1_000, at(8, 4)], [2_000, at(9, 4)])
    expect(describeRun(run, null)).toBe('4 of 13')
    expect(describeRun(play([0, at(5, 0, 3)], [1_000, at(6, 0, 2)]), null)).toBe('0 of 6')
  })
  it('never counts fewer calls than before, where one has left the queue and is delivered a moment later', () => {
    const steps: [number, ReturnType<typeof at>][] = [
      [0, at(10, 0)],
      [500, at(7, 1)],
      [1_000, at(7, 3)],
      [1_500, at(4, 4)],
    ]
    expect(steps.map((_, end) => play(...steps.slice(0, end + 1)).total)).toEqual([10, 10, 10, 10])
    expect(play(...steps, [2_000, at(0, 8)], [2_500, at(0, 10)])).toMatchObject({ total: 10, delivered: 10 })
  })
  it('is over when nothing waits; the next one counts anew', () => {
    const over = play([0, at(3, 0)], [1_000, at(0, 2, 1)])
    expect(over.endedMs).toBe(1_000)
    expect(describeEnd(over)).toBe('2 calls delivered, 1 set aside.')
    expect(describeRun(watch(over, at(5, 2, 1), 9_000), null)).toBe('0 of 5')
    expect(play([0, at(0, 9)]).endedMs).toBe(-Infinity)
  })
  it('counts over all folders', () => {
    expect(countsOf([folder('a', { waiting: 2, delivered: 1 }), folder('b', { waiting: 3 })])).toMatchObject({
      waiting: 5,
      delivered: 1,
    })
  })
})

describe('the oldest call that waits', () => {
  it('is the one that the engine knows, of all folders, not the first of a page', () => {
    const early = '2026-05-12T08:00:00Z'
    const late = '2026-05-12T09:00:00+00:00'
    const next = [{ ...waits('1'), ts: late }]
    expect(oldestWaitingOf([folder('a', { next, oldestWaiting: late }), folder('b')])).toBe(late)
    expect(
      oldestWaitingOf([folder('a', { next, oldestWaiting: late }), folder('b', { oldestWaiting: early })]),
    ).toBe(early)
    expect(oldestWaitingOf([folder('a')])).toBeNull()
  })
})
