/** A stage for the crash enumeration: one outbox over a disk in memory, an API, a clock, and a fault at a chosen call. */
import type { Call } from '../../../../shared/call.ts'
import { err, type Result } from '../../../../shared/result.ts'
import { SimulatedClock, turn } from '../../../testing/machine/clock.ts'
import type { Clock, FileSystem, FsError, Http, HttpCall, HttpOutcome, Random } from '../../ports.ts'
import { createConnection } from '../../coord/connection.ts'
import { OPEN } from '../actions.ts'
import { createOutbox } from '../outbox.ts'
import type { Outbox } from '../contract.ts'
import { encodeUtf8 } from '../lines/text.ts'
import {
  Disk,
  diskPort,
  seeded,
  type FileNode,
  type Guard,
  type Loss,
} from '../../../testing/machine/disk.ts'
import { FakeApi, type Reply } from '../../../testing/machine/api.ts'
import {
  askApi,
  createSoleOwner,
  noWatcher,
  plainKeys,
  silentLog,
  toOutcome,
} from '../../../testing/machine/parts.ts'

export const NETWORK = ['unreachable', 'reset', 'reset-applied', '500', '502-applied', '503', 'html'] as const
export const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE', 'EROFS'] as const

/** What happens at one call. `stays`: every later call of the same step that the trouble would hit fails as well. */
export type Fault =
  | { readonly kind: 'fails'; readonly code: (typeof CODES)[number]; readonly stays: boolean }
  | { readonly kind: 'network'; readonly how: (typeof NETWORK)[number] }
  | { readonly kind: 'dies'; readonly when: 'before' | 'after' | 'torn' }

export interface Plan {
  /** The n-th call, counted from 1 over all processes of the run. */
  readonly at: number
  readonly fault: Fault
  /** The power fails too: at the death, or when the step with the fault is over. */
  readonly power?: Loss
}

/** What must be true at the end. */
export interface Expected {
  /** Effects in their order. */
  readonly effects: readonly string[]
  /** Effects whose place in the order is free. */
  readonly anywhere?: readonly string[]
  readonly asides: readonly string[]
  readonly skips?: readonly string[]
}

export interface Scenario {
  readonly name: string
  readonly lanes?: number
  /** A GET shows the effect of every call in it, so that none is ever sent twice, key or no key. */
  readonly isVisible?: boolean
  /** Undefined: what came of the lines is open (nobody had synced them); all else must hold. */
  run(stage: Stage): Promise<Expected | undefined>
}

/** Changes to what stands between the outbox and the disk, for the check of the check. */
export interface Mutant {
  readonly leavesOut?: (op: string, path: string, nth: number) => boolean
  readonly wrap?: (fs: FileSystem) => FileSystem
}

interface Process {
  readonly box: Outbox
  readonly died: Promise<void>
  isDead: boolean
}

const rawOf = (c: Call): string => (typeof c.raw === 'string' ? c.raw : c.raw.base64)
type Line = { readonly method: string; readonly path: string; readonly body: string | object }
const NEVER = new Promise<never>(() => undefined)
const START = Date.UTC(2026, 0, 5, 8)
export const WORKSPACE = '/work'
/** Another workspace that is known on the machine. */
const OTHER = '/other'
export const CLAUDE = `${WORKSPACE}/.claude`
export const OUTBOX = `${CLAUDE}/.coord-outbox`
const QUEUE = `${CLAUDE}/coord-queue.jsonl`
/** Where a link at the queue's place leads: outside of all workspaces, or to the other one's queue. */
const BACKUP = '/backup/queue.jsonl'
const THEIRS = `${OTHER}/.claude/coord-queue.jsonl`

const WRITES = /^(append|sync|syncDir|mkdir|rename|link|unlink|openAppend|writeFile\..*)$/
const TAKES_SPACE = /^(append|mkdir|link|writeFile\.(create|write))$/

function isHit(code: string, op: string): boolean {
  if (code === 'EIO') return true
  if (code === 'ENOSPC') return TAKES_SPACE.test(op)
  if (code === 'EMFILE') return /^(open|list|readFile|syncDir|writeFile\.(create|syncDir))/.test(op)
  return WRITES.test(op)
}

export function effectOf(a: Line): string {
  const body = (typeof a.body === 'object' ? a.body : a.body === '' ? {} : JSON.parse(a.body)) as Record<
    string,
    unknown
  >
  if (typeof body['subject'] === 'string') return body['subject']
  if (a.method === 'PUT') return `${a.path.split('/').at(-1)}=${String(body['state'])}`
  if (a.method === 'POST' && a.path.endsWith('/locks')) return `claim ${String(body['resource'])}`
  if (a.method === 'DELETE') return `release ${a.path.split(/[=/]/).at(-1)}`
  return `${a.method} ${a.path}`
}

/** A promise of the outbox that was not kept. */
export class Broken extends Error {}
const fail = (words: string): never => {
  throw new Broken(words)
}

export class Stage {
  readonly clock = new SimulatedClock({ start: START, monotonicStart: 3_600_000 })
  readonly disk: Disk
  readonly api: FakeApi
  /** `op name` of each call, over all processes. */
  readonly calls: string[] = []
  /** How many things a power loss could take one by one, after each call; only of a run without faults. */
  readonly loose: number[] = []
  /** Answers of its own to some calls; undefined: the API answers. */
  lie: (call: HttpCall) => HttpOutcome | undefined = () => undefined
  isAway = false
  /** Crashes and broken answers so far: each may cost one repeat a lane. */
  crashes = 0
  powerLosses = 0
  /** How many calls had reached the API when the power failed for the first time. */
  sentAtFirstLoss: number | undefined
  /** Lines written by other programs are on the platter at once. */
  writersSync = true
  private process: Process
  private readonly random: () => number
  private readonly plans: Plan[]
  private readonly isClean: boolean
  private readonly mutant: Mutant
  private readonly lanes: number
  private sticky: string | undefined
  private powerAtEnd: Loss | undefined
  private powerAtDeath: Loss | undefined
  private isEngine = false
  private others: { readonly op: string; readonly path: string; readonly act: () => void } | undefined
  private scripted: { readonly op: string; readonly path: RegExp; readonly code: string } | undefined

  constructor(
    plans: readonly Plan[],
    options: {
      readonly mutant?: Mutant
      readonly honoursKeys?: boolean
      readonly lanes?: number
      readonly isAhead?: boolean
    } = {},
  ) {
    this.plans = [...plans]
    this.isClean = plans.length === 0
    this.mutant = options.mutant ?? {}
    this.lanes = options.lanes ?? 1
    this.random = seeded(7)
    this.disk = new Disk(() => this.clock.now())
    this.api = new FakeApi(() => this.clock.now())
    this.api.honoursKeys = options.honoursKeys ?? true
    this.api.saysItKeepsKeys = options.isAhead ?? false
    this.disk.makeDir(CLAUDE)
    this.disk.syncDir('/')
    this.disk.syncDir(WORKSPACE)
    this.process = this.spawn()
  }

  /** The disk as a program outside of all this reads it. */
  get files(): FileSystem {
    const guard: Guard = (op, path, act) => {
      const done = act()
      return Promise.resolve(done.ok ? done : err({ code: done.error, path, op }))
    }
    return diskPort(this.disk, guard, () => 'outside')
  }

  // ---- other programs ----------------------------------------------------------------------------------------------------------

  private settle(node: FileNode): void {
    if (!this.writersSync) return
    node.durable = node.bytes.length
    // only the queue file's own name becomes durable, nothing of the outbox's
    for (const path of [QUEUE, BACKUP, THEIRS])
      if (!this.disk.isLink(path) && this.disk.find(path) === node) this.disk.syncName(path)
  }
  /** Appends to the queue by its name, as a shell's `>>` does. */
  write(text: string): void {
    this.hold().write(text)
  }
  /** Opens the queue for appending and keeps it open until the power fails. */
  hold(): { readonly isOpen: boolean; write(text: string): void } {
    const node = this.disk.create(QUEUE)
    if (typeof node === 'string') throw new Error(node)
    const losses = this.powerLosses
    const isOpen = (): boolean => this.powerLosses === losses
    this.settle(node)
    return {
      get isOpen() {
        return isOpen()
      },
      // a writer whose machine went down has nothing open any more: its next line goes to the file of that name
      write: (text) => {
        if (!isOpen()) this.write(text)
        else {
          this.disk.append(node, encodeUtf8(text))
          this.settle(node)
        }
      },
    }
  }
  /** The queue file gets a second name, durable at once: outside of all workspaces, or as a segment that another workspace claimed. */
  link(to: 'outside' | 'claimed by another workspace'): void {
    const path = to === 'outside' ? BACKUP : `${OTHER}/.claude/.coord-outbox/00000001-aaaaaaaaaa.seg`
    this.makeDurableDir(path.slice(0, path.lastIndexOf('/')))
    const code = this.disk.link(QUEUE, path)
    if (code !== undefined) throw new Error(code)
    this.disk.syncName(path)
  }
  /**
   * A symbolic link takes the queue's place, durable at once; the first to write through it makes its file. A relative one
   * leads elsewhere from any other folder.
   */
  symlink(to: 'outside' | 'the queue of another workspace', isRelative = false): void {
    const target = to === 'outside' ? BACKUP : THEIRS
    this.makeDurableDir(target.slice(0, target.lastIndexOf('/')))
    const code = this.disk.symlink(isRelative ? `../..${target}` : target, QUEUE)
    if (code !== undefined) throw new Error(code)
    this.disk.syncName(QUEUE)
  }
  /**
   * Right before the process renames the queue file, another program moves that to the other workspace and leaves a link.
   * Returns whether it has done so.
   */
  moveAtTheClaim(isRelative: boolean): () => boolean {
    const move = (): void => {
      this.makeDurableDir(THEIRS.slice(0, THEIRS.lastIndexOf('/')))
      this.disk.rename(QUEUE, THEIRS)
      this.disk.syncName(THEIRS)
      this.disk.syncName(QUEUE)
      this.symlink('the queue of another workspace', isRelative)
    }
    const mine = { op: 'rename', path: QUEUE, act: move }
    this.others = mine
    return () => this.others !== mine
  }
  private makeDurableDir(dir: string): void {
    this.disk.makeDir(dir)
    for (let at = dir; at !== ''; at = at.slice(0, at.lastIndexOf('/'))) this.disk.syncName(at)
  }
  /** Another program removes the queue file; false where it is not there. */
  removeQueue(): boolean {
    const isThere = this.disk.unlink(QUEUE) === undefined
    // the worst case: the removal is on the platter at once, whatever else is not
    if (isThere) this.disk.syncName(QUEUE)
    return isThere
  }
  /** Whether the queue's name is a symbolic link, wherever that leads. */
  get isSymlink(): boolean {
    return this.disk.isLink(QUEUE)
  }
  /** What stands in the other workspace's queue file. */
  get otherQueue(): string {
    return new TextDecoder().decode(this.disk.file(THEIRS)?.bytes)
  }
  /** Whether a second name keeps the bytes of the queue file. */
  get isGuarded(): boolean {
    const queue = this.disk.find(QUEUE)
    return this.disk
      .names(OUTBOX)
      .some((n) => n.startsWith('guard-') && this.disk.find(`${OUTBOX}/${n}`) === queue)
  }
  ts(ageMs = 0): string {
    return new Date(this.clock.now() - ageMs).toISOString()
  }

  // ---- the process -------------------------------------------------------------------------------------------------------------

  wait(ms: number): void {
    this.clock.pass(ms)
  }

  private spawn(): Process {
    let die: () => void = () => undefined
    const died = new Promise<void>((resolve) => (die = resolve))
    const mine = { isDead: false, died } as { -readonly [K in keyof Process]: Process[K] }
    const kill = (power: Loss | undefined): Promise<never> => {
      mine.isDead = true
      this.crashes++
      this.powerAtDeath = power
      die()
      return NEVER
    }
    const planned = (): Plan | undefined => {
      const i = this.plans.findIndex((p) => p.at === this.calls.length)
      return i < 0 ? undefined : this.plans.splice(i, 1)[0]
    }
    const guard: Guard = async <T>(
      op: string,
      path: string,
      act: () => Result<T, string>,
      torn?: () => void,
    ): Promise<Result<T, FsError>> => {
      if (mine.isDead) return NEVER
      this.calls.push(`${op} ${path.slice(path.lastIndexOf('/') + 1)}`)
      if (this.others?.op === op && this.others.path === path) {
        const { act: actOfOthers } = this.others
        this.others = undefined
        actOfOthers()
      }
      const plan = planned()
      if (plan?.fault.kind === 'fails') {
        if (plan.fault.stays) {
          // an answer may come that cannot be written down before the process ends
          this.crashes++
          this.sticky = plan.fault.code
        }
        this.powerAtEnd = plan.power
        return err({ code: plan.fault.code, path, op })
      }
      if (this.sticky !== undefined && isHit(this.sticky, op)) return err({ code: this.sticky, path, op })
      if (this.scripted?.op === op && this.scripted.path.test(path)) {
        const { code } = this.scripted
        this.scripted = undefined
        return err({ code, path, op })
      }
      if (plan?.fault.kind === 'dies' && plan.fault.when !== 'after') {
        if (plan.fault.when === 'torn') torn?.()
        return kill(plan.power)
      }
      const done = act()
      if (this.isClean) this.loose[this.calls.length - 1] = this.disk.looseItems
      if (plan?.fault.kind === 'dies') return kill(plan.power)
      return done.ok ? done : err({ code: done.error, path, op })
    }
    const seen = new Map<string, number>()
    const port = diskPort(
      this.disk,
      guard,
      () => Math.floor(this.random() * 1e9).toString(36),
      (op, path) => {
        const nth = (seen.get(`${op} ${path}`) ?? 0) + 1
        seen.set(`${op} ${path}`, nth)
        return this.mutant.leavesOut?.(op, path, nth) ?? false
      },
    )
    const clock: Clock = {
      now: () => this.clock.now(),
      monotonic: () => this.clock.monotonic(),
      schedule: (ms, task) => (mine.isDead ? () => undefined : this.clock.schedule(ms, task)),
    }
    const random: Random = {
      next: this.random,
      id: (n) =>
        Array.from(
          { length: n },
          () => 'abcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(this.random() * 36)],
        ).join(''),
    }
    const http: Http = {
      baseUrl: 'http://fake',
      close: () => Promise.resolve(),
      request: async (call) => {
        if (mine.isDead) return NEVER
        this.calls.push(`http ${call.method}`)
        const plan = planned()
        if (plan?.fault.kind === 'dies' && plan.fault.when !== 'after') return kill(plan.power)
        if (plan?.fault.kind === 'network') this.powerAtEnd = plan.power
        if (call.onSent) queueMicrotask(call.onSent)
        const outcome = this.answer(call, plan?.fault.kind === 'network' ? plan.fault.how : undefined)
        this.clock.pass(1)
        // others' calls go between two of ours
        await Promise.resolve()
        if (plan?.fault.kind === 'dies') return kill(plan.power)
        return mine.isDead ? NEVER : outcome
      },
    }
    const owner = createSoleOwner(() => !mine.isDead)
    mine.box = createOutbox({
      workspace: WORKSPACE,
      name: 'w',
      fs: this.mutant.wrap?.(port) ?? port,
      clock,
      random,
      keys: plainKeys,
      log: { ...silentLog, error: (message, data) => this.onError(message, data) },
      connection: createConnection({ http, clock, random, log: silentLog }),
      owner,
      watch: noWatcher,
      neighbours: () => [OTHER],
      emit: () => undefined,
    })
    return mine
  }

  private unexpected: string | undefined
  private onError(message: string, data?: Readonly<Record<string, unknown>>): void {
    if (message === 'outbox: unexpected') this.unexpected = String(data?.['error'])
  }

  private answer(call: HttpCall, how: (typeof NETWORK)[number] | undefined): HttpOutcome {
    if (this.isAway || how === 'unreachable') return { kind: 'unreachable', detail: 'test' }
    if (how === 'reset') {
      this.crashes++
      return { kind: 'in-doubt', detail: 'test' }
    }
    const text = (status: number, body: string, headers: Record<string, string> = {}): HttpOutcome => ({
      kind: 'answer',
      status,
      headers: { date: new Date(this.clock.now()).toUTCString(), ...headers },
      text: body,
      isCut: false,
    })
    if (how === '500') return text(500, '{"detail":"boom"}')
    if (how === '503') return text(503, '{}', { 'retry-after': '30' })
    if (how === 'html') return text(200, '<html>hello</html>', { 'content-type': 'text/html' })
    const own = this.lie(call)
    if (own) {
      if (own.kind === 'in-doubt') this.crashes++
      return own
    }
    const reply = this.reply(call)
    if (how !== undefined) this.crashes++
    if (how === 'reset-applied') return { kind: 'in-doubt', detail: 'test' }
    if (how === '502-applied') return text(502, 'bad gateway')
    return toOutcome(reply, this.clock.now())
  }
  /** The API does what the call says; its answer. */
  reply(call: HttpCall): Reply {
    return askApi(this.api, call)
  }

  /** The next such file call fails once, as part of the story. */
  failNext(op: string, path: RegExp, code: string): void {
    this.scripted = { op, path, code }
  }

  // ---- steps -------------------------------------------------------------------------------------------------------------------

  /** Lets the process do one thing; a process that dies of it is followed by a new one. */
  private async step<T>(task: (box: Outbox) => Promise<T>): Promise<T | 'died'> {
    const p = this.process
    let isSettled = false
    const done = await Promise.race([
      task(p.box).finally(() => (isSettled = true)),
      p.died.then(() => {
        isSettled = true
        return 'died' as const
      }),
      this.hang(() => isSettled),
    ])
    this.sticky = undefined
    if (this.unexpected !== undefined) fail(`unexpected: ${this.unexpected}`)
    if (done === 'died' || p.isDead) {
      await this.restart(this.powerAtDeath)
      return 'died'
    }
    if (this.powerAtEnd) {
      this.crashes++
      await this.restart(this.powerAtEnd)
    }
    return done
  }

  /** Nothing here waits for anything outside: a process that makes no call for some turns of the loop, and is not done, hangs. */
  private async hang(isSettled: () => boolean): Promise<never> {
    let last = -1
    for (let idle = 0; !isSettled() && idle < 20; idle++) {
      if (this.calls.length !== last) idle = 0
      last = this.calls.length
      await turn()
    }
    return isSettled() ? NEVER : fail('it hangs')
  }

  /** Ends the process, on the spot, and starts another. */
  async restart(power?: Loss): Promise<void> {
    this.powerAtDeath = undefined
    this.powerAtEnd = undefined
    this.process.isDead = true
    this.clock.forget()
    if (power) {
      this.disk.powerLoss(power)
      this.powerLosses++
      this.sentAtFirstLoss ??= this.api.arrivals.length
    }
    this.process = this.spawn()
    if (this.isEngine) await this.engine()
  }

  /** The window app starts: it guards and looks by itself. */
  async engine(): Promise<void> {
    this.isEngine = true
    await this.step(async (box) => box.start())
  }
  /** A minute passes for the window app: what is due runs, once. */
  async idle(): Promise<void> {
    for (let i = 0; i < 2; i++) {
      await this.step(async () => {
        this.clock.pass(61_000)
        this.clock.runDue()
        // nothing here waits for anything outside: one turn of the loop, and all of it is done
        await turn()
      })
    }
  }
  /** The app ends in an orderly way. */
  async stop(): Promise<void> {
    await this.step((box) => box.stop())
    this.isEngine = false
    await this.restart()
  }

  async flush(): Promise<void> {
    this.clock.pass(61_000)
    const done = await this.step((box) => box.flush({ waitMs: 0, lanes: this.lanes }))
    if (done === 'died') await this.flush()
  }

  private async shown(part: string): Promise<Call | undefined> {
    // a read that failed shows less; it is asked again
    for (let i = 0; i < 3; i++) {
      const lists = await this.step(async (box) => [
        ...(await box.list('set-aside', 1_000)),
        ...(await box.list('skipped', 1_000)),
      ])
      const found = lists === 'died' ? undefined : lists.find((c) => rawOf(c).includes(part))
      if (found) return found
      await this.flush()
    }
    return undefined
  }

  /** A person deals with a call that is shown, and tries again where that is said to have failed. */
  async act(part: string, what: 'send' | 'discard' | { readonly line: string }): Promise<void> {
    const sent = typeof what === 'string' ? part : effectOf(JSON.parse(what.line) as Line)
    const effect = (): number => this.api.arrivals.filter((a) => `${a.path} ${a.body}`.includes(sent)).length
    let isOpen = false
    for (let round = 0; round < 6; round++) {
      const call = await this.shown(part)
      if (!call) {
        if (round === 0) throw new Broken(`${part} is not shown`)
        return
      }
      this.clock.pass(1_000)
      const done = await this.step((box) =>
        what === 'send'
          ? box.sendAnyway(call.id)
          : what === 'discard'
            ? box.discard(call.id)
            : box.edit(call.id, what.line),
      )
      if (done !== 'died' && done.ok) return
      if (done === 'died') {
        const before = effect()
        await this.flush()
        // never half: sent and still there to be sent
        if (what !== 'discard' && effect() > before && (await this.shown(part)))
          fail(`${part}: sent, and still shown`)
        continue
      }
      if (done.error.code !== 'storage' && done.error.code !== 'not-found')
        fail(`${part}: ${done.error.code} ${done.error.message}`)
      // the person is told that it is open: it may have come to pass, wholly
      if (done.error.message.includes(OPEN) || (isOpen && done.error.code === 'not-found')) {
        isOpen = true
        await this.flush()
        continue
      }
      const before = effect()
      await this.flush()
      await this.restart()
      await this.flush()
      if (effect() > before) fail(`${part}: said to have failed (${done.error.message}), and sent`)
      if (!(await this.shown(part))) fail(`${part}: said to have failed (${done.error.message}), and gone`)
    }
    fail(`${part}: six tries, none went through`)
  }

  // ---- the end -----------------------------------------------------------------------------------------------------------------

  /** Heals, flushes, takes the power away once more, and looks whether all promises were kept. */
  async check(scenario: Scenario, expected: Expected | undefined): Promise<void> {
    this.plans.length = 0
    this.isAway = false
    this.lie = () => undefined
    this.isEngine = false
    // what could not be written yet is written now, before the process ends
    await this.flush()
    await this.restart()
    for (let i = 0; i < 3; i++) await this.flush()
    const before = this.api.arrivals.length
    // what a flush that has returned said to be done is done, whatever was not synced
    await this.restart({ kind: 'all-lost' })
    await this.flush()
    if (this.api.arrivals.length !== before) fail('sent again after a power loss at rest')
    const box = this.process.box
    const s = await box.summary()
    const asides = (await box.list('set-aside', 1_000)).map((c) => rawOf(c))
    const skips = (await box.list('skipped', 1_000)).map((c) => `${c.reason}: ${rawOf(c)}`)
    if (s.waiting !== 0) fail(`${s.waiting} still waiting (${s.problem ?? ''})`)
    if (s.setAsideCount !== asides.length)
      fail(`${s.setAsideCount} set aside, and the bytes of ${asides.length}`)
    if (s.skippedCount !== skips.length) fail(`${s.skippedCount} skipped, and the bytes of ${skips.length}`)
    const raw = this.api.effects.map(effectOf)
    const effects = [...new Set(raw)]
    if (expected) {
      const free = new Set(expected.anywhere ?? [])
      same(
        'effects',
        effects.filter((e) => !free.has(e)),
        expected.effects,
      )
      same('late effects', effects.filter((e) => free.has(e)).sort(), [...free].sort())
      same('set aside', [...asides].sort(), [...expected.asides].sort())
      const reasons = skips.map((x) => x.split(':', 1)[0] ?? '').sort()
      same('skipped', reasons, [...(expected.skips ?? [])].sort())
    }
    if (this.api.honoursKeys && raw.length !== effects.length) fail(`doubled effect: ${raw.join(', ')}`)
    const keys = new Set(this.api.arrivals.map((a) => a.key)).size
    const repeats = this.api.arrivals.length - keys
    // with intents ahead a whole window of them may be in doubt; each has one effect all the same
    const most = this.api.saysItKeepsKeys ? 64 : (scenario.lanes ?? 1)
    const isSeen = scenario.isVisible === true && !this.api.saysItKeepsKeys
    const allowed = isSeen ? 0 : this.crashes * most
    if (repeats > allowed) fail(`${repeats} repeats, ${allowed} allowed`)
    if (raw.length - effects.length > allowed) fail(`doubled: ${raw.join(', ')}`)
  }

  /**
   * After one damaged ledger line: each call was sent, or is shown. What is only set aside is never sent for it; what a person
   * dealt with stays so, or is shown again.
   */
  async checkDamaged(expected: Expected, words: string): Promise<void> {
    this.lie = () => undefined
    this.isEngine = false
    await this.restart()
    for (let i = 0; i < 3; i++) await this.flush()
    const box = this.process.box
    const s = await box.summary()
    if (s.waiting !== 0) fail(`${words}: ${s.waiting} still waiting`)
    const asides = (await box.list('set-aside', 1_000)).map(rawOf)
    const raw = this.api.effects.map(effectOf)
    const should = new Set([...expected.effects, ...(expected.anywhere ?? [])])
    for (const e of should) if (!raw.includes(e)) fail(`${words}: ${e} is lost`)
    for (const e of raw) if (!should.has(e)) fail(`${words}: ${e} was sent`)
    for (const a of expected.asides) if (!asides.includes(a)) fail(`${words}: ${a} is lost`)
    if (this.api.honoursKeys && raw.length !== new Set(raw).size) fail(`${words}: doubled ${raw.join(', ')}`)
  }
}

function same(what: string, is: readonly string[], should: readonly string[]): void {
  if (JSON.stringify(is) !== JSON.stringify(should))
    fail(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(should)}`)
}
