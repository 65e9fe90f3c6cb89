/** The stories of the crash enumeration: small, and each with something that only it does. */
import type { HttpCall, HttpOutcome } from '../../ports.ts'
import { Broken, type Scenario, type Stage } from './crash-stage.ts'

const row = (o: object): string => `${JSON.stringify(o)}\n`
const message = (s: Stage, subject: string): string =>
  row({
    ts: s.ts(),
    method: 'POST',
    path: '/api/coord/messages',
    body: { from_session: 'M/a', project_key: 'p', subject },
  })
const component = (s: Stage, name: string, state: string, ageMs = 0): string =>
  row({ ts: s.ts(ageMs), method: 'PUT', path: `/api/coord/components/p/${name}`, body: { state } })
const claim = (s: Stage, resource: string, session: string, ageMs = 0): string =>
  row({
    ts: s.ts(ageMs),
    method: 'POST',
    path: '/api/coord/locks',
    body: { project_key: 'p', resource, session_id: session },
  })
const releaseAll = (s: Stage, session: string): string =>
  row({ ts: s.ts(), method: 'DELETE', path: `/api/coord/locks?release_all=true&session_id=${session}` })

const answer = (status: number, body: object = {}, headers: Record<string, string> = {}): HttpOutcome => ({
  kind: 'answer',
  status,
  headers,
  text: JSON.stringify(body),
  isCut: false,
})
/** The first write that holds this text gets the answer; the API never sees it. */
function once(stage: Stage, part: string, outcome: HttpOutcome): void {
  const before = stage.lie
  let isUsed = false
  stage.lie = (call: HttpCall) => {
    if (!isUsed && call.method !== 'GET' && `${call.path} ${String(call.body)}`.includes(part)) {
      isUsed = true
      return outcome
    }
    return before(call)
  }
}
/** The API refuses what holds this text; the returned function makes it take it. */
function refuse(s: Stage, part: string): () => void {
  const before = s.lie
  let isOver = false
  s.lie = (call) =>
    !isOver && call.method !== 'GET' && String(call.body).includes(part)
      ? answer(422, { detail: 'not now' })
      : before(call)
  return () => (isOver = true)
}
/** Another program removes the queue file, once its bytes are guarded. */
async function removed(s: Stage): Promise<void> {
  for (let i = 0; i < 4 && !s.isGuarded; i++) await s.idle()
  if (!s.isGuarded) throw new Broken('never guarded')
  s.removeQueue()
}

const linkAtTheClaim = (isRelative: boolean): Scenario => ({
  name: `${isRelative ? 'a relative' : 'a'} symbolic link that takes the place of the queue file between the look and the claim: put back, and written to`,
  isVisible: true,
  async run(s) {
    const moved = message(s, 'moved')
    s.write(moved)
    const isMoved = s.moveAtTheClaim(isRelative)
    for (let i = 0; i < 4 && !isMoved(); i++) await s.flush()
    if (!isMoved()) throw new Broken('never claimed')
    // where the link could not be put back yet, a writer makes a file of its own in its place
    const isTheirs = s.isSymlink
    const next = message(s, 'next')
    s.write(next)
    for (let i = 0; i < 3; i++) await s.flush()
    if (!s.isSymlink) throw new Broken('the link is gone')
    if (s.otherQueue !== moved + (isTheirs ? next : ''))
      throw new Broken(`left to the other: ${s.otherQueue}`)
    s.removeQueue()
    s.write(message(s, 'a'))
    await s.flush()
    return { effects: [...(isTheirs ? [] : ['next']), 'a'], asides: [] }
  },
})

export const scenarios: readonly Scenario[] = [
  {
    name: 'claim and deliver',
    isVisible: true,
    async run(s) {
      s.write(message(s, 'a') + component(s, 'web', 'built') + message(s, 'b') + 'not json\n')
      await s.flush()
      s.write(message(s, 'c') + component(s, 'web', 'deployed'))
      await s.flush()
      s.write(message(s, 'd'))
      await s.flush()
      return { effects: ['a', 'web=built', 'b', 'c', 'web=deployed', 'd'], asides: ['not json'] }
    },
  },
  {
    name: 'a late line through an open descriptor',
    isVisible: true,
    async run(s) {
      const held = s.hold()
      held.write(message(s, 'a'))
      await s.flush()
      held.write(message(s, 'late') + 'late and bad\n')
      s.write(message(s, 'c'))
      await s.flush()
      s.write(message(s, 'd'))
      await s.flush()
      return { effects: ['a', 'c', 'd'], anywhere: ['late'], asides: ['late and bad'] }
    },
  },
  {
    name: 'a torn last line, completed later',
    isVisible: true,
    async run(s) {
      const whole = message(s, 'torn')
      const held = s.hold()
      held.write(message(s, 'a') + whole.slice(0, 40))
      await s.flush()
      const isCompleted = held.isOpen
      if (isCompleted) held.write(whole.slice(40))
      await s.flush()
      s.write(message(s, 'c').trim())
      await s.flush()
      return {
        effects: ['a', 'c'],
        anywhere: isCompleted ? ['torn'] : [],
        asides: isCompleted ? [] : [whole.slice(0, 40)],
      }
    },
  },
  {
    name: 'several segments, glued calls, asked to wait in between',
    isVisible: true,
    async run(s) {
      for (const [x, y] of [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
      ] as const) {
        once(s, `"${y}"`, answer(503, {}, { 'retry-after': '30' }))
        s.write(message(s, x).trim() + message(s, y))
        await s.flush()
      }
      await s.flush()
      return { effects: ['a', 'b', 'c', 'd', 'e', 'f'], asides: [] }
    },
  },
  {
    name: 'a restart while the API asks to wait',
    isVisible: true,
    async run(s) {
      once(s, '"b"', answer(503, {}, { 'retry-after': '30' }))
      s.write(message(s, 'a') + message(s, 'b') + message(s, 'c'))
      await s.flush()
      await s.restart()
      await s.flush()
      s.write(message(s, 'd'))
      await s.restart()
      await s.flush()
      return { effects: ['a', 'b', 'c', 'd'], asides: [] }
    },
  },
  {
    name: 'set aside, then discarded, sent anyway, edited',
    async run(s) {
      const take = refuse(s, 'anyway')
      s.write(
        'rubbish\n' +
          message(s, 'anyway') +
          row({ method: 'POST', path: '/elsewhere', body: { subject: 'no' } }) +
          row({ method: 'GET', path: '/api/coord/locks' }) +
          'stays\n',
      )
      for (let i = 0; i < 2; i++) await s.flush()
      take()
      await s.act('rubbish', 'discard')
      await s.act('anyway', 'send')
      await s.act('elsewhere', { line: message(s, 'edited').trim() })
      await s.act('GET', 'discard')
      await s.flush()
      s.write(message(s, 'z'))
      await s.flush()
      return { effects: ['anyway', 'edited', 'z'], asides: ['stays'] }
    },
  },
  {
    name: 'sent anyway while the API is away, and a restart',
    async run(s) {
      const take = [refuse(s, '"x"'), refuse(s, '"y"')]
      s.write(message(s, 'x') + message(s, 'y') + message(s, 'a'))
      for (let i = 0; i < 2; i++) await s.flush()
      for (const f of take) f()
      s.isAway = true
      await s.act('"x"', 'send')
      await s.restart()
      await s.act('"y"', 'discard')
      await s.flush()
      s.isAway = false
      await s.flush()
      return { effects: ['a', 'x'], asides: [] }
    },
  },
  {
    name: 'retention: the segment goes, then the ledger',
    async run(s) {
      s.write(message(s, 'a') + message(s, 'b') + message(s, 'c'))
      await s.flush()
      s.wait(8 * 86_400_000)
      await s.flush()
      s.write(message(s, 'd') + 'bad\n')
      await s.flush()
      s.wait(8 * 86_400_000)
      await s.flush()
      return { effects: ['a', 'b', 'c', 'd'], asides: ['bad'] }
    },
  },
  {
    name: 'the hard-link guard: another program removes the file',
    async run(s) {
      const [r1, r2, r3] = [message(s, 'r1'), message(s, 'r2'), message(s, 'r3')]
      s.isAway = true
      s.write(r1 + r2 + r3)
      await s.engine()
      await removed(s)
      await s.idle()
      await s.act('r1', 'discard')
      await s.act('r2', 'send')
      s.isAway = false
      await s.idle()
      s.write(message(s, 'a'))
      await s.idle()
      await s.stop()
      return { effects: ['r2', 'a'], asides: [r3.trim()] }
    },
  },
  {
    name: 'a removed file, and a restart before the API is back',
    async run(s) {
      const [r1, r2] = [message(s, 'r1'), message(s, 'r2')]
      s.isAway = true
      s.write(r1 + r2)
      await s.engine()
      await removed(s)
      await s.restart()
      await s.idle()
      s.write(message(s, 'a'))
      await s.idle()
      s.isAway = false
      await s.idle()
      await s.stop()
      return { effects: ['a'], asides: [r1.trim(), r2.trim()] }
    },
  },
  {
    name: 'the window app from start to stop, the API going and coming',
    isVisible: true,
    async run(s) {
      await s.engine()
      s.write(message(s, 'a'))
      await s.idle()
      s.isAway = true
      s.write(message(s, 'b'))
      await s.idle()
      s.write(message(s, 'c'))
      await s.idle()
      s.isAway = false
      await s.idle()
      s.write(message(s, 'd'))
      await s.stop()
      await s.flush()
      return { effects: ['a', 'b', 'c', 'd'], asides: [] }
    },
  },
  {
    name: 'answers in doubt: applied or not, seen by a GET or not',
    async run(s) {
      for (const part of ['"b"', 'r1', 'built']) {
        const before = s.lie
        let isUsed = false
        s.lie = (call) => {
          if (isUsed || call.method === 'GET' || !String(call.body).includes(part)) return before(call)
          isUsed = true
          s.reply(call)
          return { kind: 'in-doubt', detail: 'reset' }
        }
      }
      once(s, '"c"', { kind: 'in-doubt', detail: 'reset' })
      s.write(
        message(s, 'a') +
          message(s, 'b') +
          message(s, 'c') +
          claim(s, 'r1', 'S1') +
          component(s, 'web', 'built') +
          message(s, 'd'),
      )
      for (let i = 0; i < 6; i++) await s.flush()
      return { effects: ['a', 'b', 'c', 'claim r1', 'web=built', 'd'], asides: [] }
    },
  },
  {
    name: 'claims and releases',
    async run(s) {
      s.write(
        claim(s, 'old', 'S0', 3 * 3_600_000) +
          claim(s, 'r1', 'S1') +
          releaseAll(s, 'S1') +
          claim(s, 'r2', 'S2') +
          message(s, 'm'),
      )
      // twice: where the first try fails, the claim must not meet its own release in one backlog
      await s.flush()
      await s.flush()
      s.write(releaseAll(s, 'S2') + claim(s, 'r3', 'S3'))
      await s.flush()
      return {
        effects: ['release S1', 'claim r2', 'm', 'release S2', 'claim r3'],
        asides: [],
        skips: ['expired', 'released-later'],
      }
    },
  },
  {
    name: 'writers that do not sync: the claim does, before the first call goes out',
    isVisible: true,
    async run(s) {
      s.writersSync = false
      once(s, '"b"', answer(503, {}, { 'retry-after': '600' }))
      s.write(message(s, 'a') + message(s, 'b') + 'bad\n')
      for (let i = 0; i < 3 && s.api.arrivals.length === 0; i++) await s.flush()
      // a power loss before the first call may have taken, or torn, what nobody had synced
      const isFree = s.sentAtFirstLoss === 0
      await s.restart({ kind: 'all-lost' })
      s.wait(600_000)
      await s.flush()
      return isFree ? undefined : { effects: ['a', 'b'], asides: ['bad'] }
    },
  },
  {
    name: 'a late line of a writer that does not sync, set aside: its bytes stay',
    isVisible: true,
    async run(s) {
      s.writersSync = false
      const held = s.hold()
      held.write(message(s, 'a'))
      await s.flush()
      held.write('late and bad\n')
      for (let i = 0; i < 3; i++) await s.flush()
      const isFree = s.powerLosses > 0
      await s.restart({ kind: 'all-lost' })
      await s.flush()
      return isFree ? undefined : { effects: ['a'], asides: ['late and bad'] }
    },
  },
  {
    name: 'a ledger whose sync fails is written anew',
    isVisible: true,
    async run(s) {
      s.write(message(s, 'a') + message(s, 'b') + 'bad\n' + message(s, 'c') + message(s, 'd'))
      s.failNext('sync', /\.led$/, 'EIO')
      await s.flush()
      await s.flush()
      return { effects: ['a', 'b', 'c', 'd'], asides: ['bad'] }
    },
  },
  {
    name: 'two states of a component, a release-all and a claim behind it, in one backlog',
    async run(s) {
      s.write(
        component(s, 'web', 'built') +
          message(s, 'a') +
          'bad\n' +
          component(s, 'web', 'deployed') +
          releaseAll(s, 'S5') +
          claim(s, 'r5', 'S5') +
          message(s, 'b'),
      )
      await s.flush()
      s.write(message(s, 'c'))
      await s.flush()
      return {
        effects: ['web=built', 'a', 'web=deployed', 'release S5', 'claim r5', 'b', 'c'],
        asides: ['bad'],
      }
    },
  },
  {
    name: 'states of a component whose call times go back, to an API that lets none take the place of a later one',
    isVisible: true,
    async run(s) {
      s.api.ordersByCallTime = true
      const untimed = row({ method: 'PUT', path: '/api/coord/components/p/web', body: { state: 'built' } })
      s.write(untimed + component(s, 'web', 'deploying', 60_000) + component(s, 'web', 'deployed', 120_000))
      await s.flush()
      s.write(component(s, 'web', 'degraded', 180_000))
      await s.flush()
      return { effects: ['web=built', 'web=deploying', 'web=deployed', 'web=degraded'], asides: [] }
    },
  },
  {
    name: 'a second hard link outside of all workspaces: claimed as ever, and kept while the link is there',
    isVisible: true,
    async run(s) {
      s.write(message(s, 'a') + 'bad\n')
      s.link('outside')
      await s.flush()
      s.wait(8 * 86_400_000)
      s.write(message(s, 'b'))
      await s.flush()
      s.write(message(s, 'c'))
      await s.flush()
      return { effects: ['a', 'b', 'c'], asides: ['bad'] }
    },
  },
  {
    name: "a second hard link that another workspace claimed: its calls are that one's, at every step",
    isVisible: true,
    async run(s) {
      s.write(message(s, 'theirs 1') + message(s, 'theirs 2'))
      s.link('claimed by another workspace')
      await s.engine()
      for (let i = 0; i < 2; i++) await s.idle()
      await s.flush()
      s.removeQueue()
      s.write(message(s, 'a'))
      await s.idle()
      await s.flush()
      s.write(message(s, 'b'))
      await s.stop()
      await s.flush()
      return { effects: ['a', 'b'], asides: [] }
    },
  },
  {
    name: 'four lanes',
    lanes: 4,
    async run(s) {
      const lines = ['c1', 'c2', 'c3', 'c4'].flatMap((c) => [component(s, c, 'built')])
      s.write(lines.join('') + message(s, 'm') + releaseAll(s, 'S9') + component(s, 'c1', 'deployed'))
      await s.flush()
      s.write('bad\n' + component(s, 'c2', 'deployed'))
      await s.flush()
      return {
        effects: ['release S9', 'c1=deployed', 'c2=deployed'],
        anywhere: ['c1=built', 'c2=built', 'c3=built', 'c4=built', 'm'],
        asides: ['bad'],
      }
    },
  },
  {
    name: 'a symbolic link to a file outside of all workspaces: claimed by its real path, the link left where it is',
    isVisible: true,
    async run(s) {
      s.symlink('outside')
      s.write(message(s, 'a') + message(s, 'b') + 'bad\n')
      await s.flush()
      // the file is claimed, or still there: through the link either way
      if (!s.isSymlink) throw new Broken('the link is gone')
      s.write(message(s, 'c'))
      await s.flush()
      await s.engine()
      s.isAway = true
      s.write(message(s, 'd'))
      await s.idle()
      s.isAway = false
      await s.idle()
      await s.stop()
      await s.flush()
      if (!s.isSymlink) throw new Broken('the link is gone')
      s.removeQueue()
      s.write(message(s, 'e'))
      await s.flush()
      return { effects: ['a', 'b', 'c', 'd', 'e'], asides: ['bad'] }
    },
  },
  {
    name: "a symbolic link to another workspace's queue: its calls are that one's, at every step",
    isVisible: true,
    async run(s) {
      const theirs = [message(s, 'theirs 1') + message(s, 'theirs 2'), message(s, 'theirs 3')]
      s.symlink('the queue of another workspace')
      s.write(theirs[0] ?? '')
      await s.engine()
      for (let i = 0; i < 2; i++) await s.idle()
      s.write(theirs[1] ?? '')
      await s.idle()
      await s.flush()
      if (!s.isSymlink) throw new Broken('the link is gone')
      s.removeQueue()
      s.write(message(s, 'a'))
      await s.idle()
      await s.flush()
      s.write(message(s, 'b'))
      await s.stop()
      await s.flush()
      if (s.otherQueue !== theirs.join('')) throw new Broken(`left to the other: ${s.otherQueue}`)
      return { effects: ['a', 'b'], asides: [] }
    },
  },
  linkAtTheClaim(false),
  linkAtTheClaim(true),
]
