/** The engine: the only writer of the state. Events in; snapshots, tray views and notifications out; commands served. */
import type { Call } from '../../../shared/call.ts'
import type {
  CommandError,
  CommandHandlers,
  Finding,
  FlushCounts,
  ReleaseOutcome,
} from '../../../shared/protocol.ts'
import { createListeners } from '../../../shared/listeners.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { Machine } from '../../../shared/session.ts'
import type { AppSnapshot, SettingsView } from '../../../shared/snapshot.ts'
import { parseTime, toIso } from '../../../shared/time.ts'
import { decodeRows, messageRow } from '../../../shared/wire.ts'
import type { ActionError, Connection, Outbox } from '../outbox/contract.ts'
import type { Clock, HttpOutcome, Log, Random, UtcOffsetAt } from '../ports.ts'
import { decideNotifications, type NotificationView } from './notifications/decide.ts'
import type { AppEvent } from './events.ts'
import { tomorrowMorning } from './notifications/local-time.ts'
import { createLockActions, isAway, reasonOf, type Enqueue } from '../coord/release-locks.ts'
import { addDistinct, MAX_TOLD, messageKey, type NotifiedLedger } from './notifications/notified-ledger.ts'
import { createPoller, jsonOf } from './poller.ts'
import { RELEASE_DEADLINE_MS, within } from './quit.ts'
import { reduce } from './reduce.ts'
import { checkEndpoints, type Asked } from '../coord/check-endpoints.ts'
import { withMutedProject } from './notifications/silence.ts'
import { createState, type AppState } from './state.ts'
import { sendTestNotification } from './notifications/test-notification.ts'
import { myLocks, toSnapshot } from './views/to-snapshot.ts'
import { COUNTDOWN_STEP_MS, toTrayView, type TrayView } from './views/to-tray-view.ts'

/** What is kept between runs beside the settings. Each save is whole and atomic; an error is a sentence. */
export interface MemoryStore {
  saveLedger(ledger: NotifiedLedger): Promise<Result<null, string>>
  saveSeen(seen: readonly string[]): Promise<Result<null, string>>
  saveSessions(sessions: readonly string[]): Promise<Result<null, string>>
}

export interface EngineDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly connection: Connection
  /** Names the server in what is remembered: its address, or the embedded one's instance whatever its port. */
  readonly server: string
  readonly apiUrl: string
  readonly isServedHere: boolean
  readonly machine: Machine
  readonly settings: SettingsView
  /** Keeps new settings; gives back the machine's name and aliases that result (the environment may outrank them). */
  readonly saveSettings: (settings: SettingsView) => Promise<Result<Machine, string>>
  readonly memory: MemoryStore
  readonly remembered: {
    readonly notified: NotifiedLedger
    readonly seen: readonly string[]
    readonly sessions: readonly string[]
  }
  readonly outboxes: () => readonly Outbox[]
  /** The set of watched folders was changed by the person. */
  readonly useWorkspaces: (paths: readonly string[]) => Promise<void>
  readonly enqueue: Enqueue
  /** The same for the last moment of a process that may not wait. */
  readonly enqueueSync: (lines: readonly string[]) => Result<null, string>
  readonly openLog: () => Promise<void>
  /** One front of a COORD_HOME raises notifications: the tray. */
  readonly raisesNotifications: boolean
  /** Absent: UTC. */
  readonly utcOffsetAt?: UtcOffsetAt
  /** Enters or removes this app at login; absent where this front cannot. */
  readonly setStartAtLogin?: (isOn: boolean) => Promise<Result<null, string>>
  /** What this front and its machine find out beside the API. */
  readonly checkHere?: () => Promise<readonly Finding[]>
}

export interface NotificationChange {
  readonly show: readonly NotificationView[]
  readonly withdraw: readonly string[]
}

export interface Engine {
  readonly start: () => void
  /** Resolves when nothing of the engine runs any more. The outboxes are not its own. */
  readonly stop: () => Promise<void>
  readonly dispatch: (event: AppEvent) => void
  readonly state: () => AppState
  readonly snapshot: () => AppSnapshot
  readonly trayView: () => TrayView
  /** Each returns its unsubscribe function; the listener gets the next change, not the present value. */
  readonly onSnapshot: (listener: (snapshot: AppSnapshot) => void) => () => void
  readonly onTrayView: (listener: (view: TrayView) => void) => () => void
  readonly onNotifications: (listener: (change: NotificationChange) => void) => () => void
  /** The person decided to quit and what was to be released is settled: quit now. */
  readonly onQuit: (listener: (outcome: ReleaseOutcome) => void) => () => void
  /** The window is wanted: there is a question before quitting. */
  readonly onOpenWindow: (listener: () => void) => () => void
  readonly onEvent: (listener: (event: AppEvent) => void) => () => void
  readonly handlers: CommandHandlers
  /** Sets `openMessage`; the desktop shows the window. */
  readonly notificationClicked: (id: string) => void
  readonly openMessage: (id: string) => void
  /** A quit that nobody here asked for (SIGTERM, log-off): the remembered choice, a synchronous append, no question. */
  readonly leaveAtOnce: () => { readonly queued: number }
  readonly flushAll: () => Promise<Result<FlushCounts, CommandError>>
}

const PUBLISH_EVERY_MS = 100
const TICK_MS = 30_000
const NOTHING_RELEASED: ReleaseOutcome = { released: 0, queued: 0, refused: [] }

const failure = (
  code: CommandError['code'],
  message: string,
): { readonly ok: false; readonly error: CommandError } => err({ code, message })

export function createEngine(deps: EngineDeps): Engine {
  const { clock, log, connection } = deps
  const utcOffsetAt = deps.utcOffsetAt ?? (() => 0)
  let state = createState({
    now: clock.now(),
    utcOffsetMinutes: utcOffsetAt(clock.now()),
    machine: deps.machine,
    server: deps.server,
    apiUrl: deps.apiUrl,
    isServedHere: deps.isServedHere,
    settings: deps.settings,
    front: { notifies: deps.raisesNotifications, startsAtLogin: deps.setStartAtLogin !== undefined },
    connection: connection.view(),
    ...deps.remembered,
  })
  let revision = 0
  let isRunning = false
  let lastTray = ''
  let cancelPublish: (() => void) | null = null
  let cancelTick = (): void => {}
  let cancelWake = (): void => {}
  let unsubscribe = (): void => {}
  let deciding: Promise<void> | null = null
  let mustDecideAgain = false
  const saves = new Set<Promise<void>>()

  const onListenerFault = (cause: unknown): void => log.error('a listener failed', { cause: String(cause) })
  const snapshots = createListeners<AppSnapshot>(onListenerFault)
  const trayViews = createListeners<TrayView>(onListenerFault)
  const notifications = createListeners<NotificationChange>(onListenerFault)
  const quits = createListeners<ReleaseOutcome>(onListenerFault)
  const openings = createListeners<null>(onListenerFault)
  const events = createListeners<AppEvent>(onListenerFault)

  const poller = createPoller({ ...deps, state: () => state, emit: dispatch })
  const locks = createLockActions({
    connection,
    enqueue: deps.enqueue,
    enqueueSync: deps.enqueueSync,
    clock,
    machine: () => state.machine,
    known: () => state.locks,
  })

  function dispatch(event: AppEvent): void {
    const before = state
    state = reduce(before, event)
    events.tell(event)
    if (['screen.unlocked', 'power.resumed', 'network.changed'].includes(event.kind)) {
      tickNow() // what a night's sleep or a journey changed: the time, and the zone
      connection.retryNow()
      void poller.poke()
    }
    const isOnline = state.connection.state === 'online' && before.connection.state !== 'online'
    const isOpened = state.isWindowOpen && !before.isWindowOpen
    if (isOnline || isOpened) void poller.poke()
    if (isRunning && state.connection !== before.connection) planTick()
    if (state === before) return
    revision++
    if (state.seen !== before.seen) keep('seen', deps.memory.saveSeen(state.seen))
    if (state.sessions !== before.sessions) keep('sessions', deps.memory.saveSessions(state.sessions))
    publishSoon()
    if (event.kind !== 'notifications.decided') decideSoon()
  }

  function keep(what: string, saving: Promise<Result<null, string>>): void {
    const task = saving.then((saved) => {
      saves.delete(task)
      if (!saved.ok) log.warn('could not be kept', { what, why: saved.error })
    })
    saves.add(task)
  }

  /** A flush of a thousand calls is a thousand events; fronts see at most ten pictures a second. */
  function publishSoon(): void {
    cancelPublish ??= clock.schedule(PUBLISH_EVERY_MS, publish)
  }
  function publish(): void {
    cancelPublish?.()
    cancelPublish = null
    snapshots.tell(toSnapshot(state, revision))
    const view = toTrayView(state)
    const text = JSON.stringify(view)
    if (text === lastTray) return
    lastTray = text
    trayViews.tell(view)
  }

  function decideSoon(): void {
    if (!deps.raisesNotifications || !isRunning) return
    if (deciding) {
      mustDecideAgain = true
      return
    }
    deciding = decide()
      .catch((cause: unknown) => log.error('deciding on notifications failed', { cause: String(cause) }))
      .then(() => {
        deciding = null
        if (!mustDecideAgain) return
        mustDecideAgain = false
        decideSoon()
      })
  }
  async function decide(): Promise<void> {
    const decision = decideNotifications(state)
    cancelWake()
    if (decision.wakeAt !== null)
      cancelWake = clock.schedule(Math.max(50, decision.wakeAt - clock.now()), () => tickNow())
    if (decision.ledger !== state.notified) {
      // On disk before the toast: a crash on the next line is silence, never the same toast again.
      const kept = await deps.memory.saveLedger(decision.ledger)
      if (!kept.ok) {
        dispatch({
          kind: 'fault.found',
          id: 'notified',
          fault: { text: `Notifications are held back: ${kept.error}`, wayOut: 'Make room in COORD_HOME.' },
        })
        mustDecideAgain = false
        return
      }
      if (Object.hasOwn(state.faults, 'notified')) dispatch({ kind: 'fault.cleared', id: 'notified' })
    }
    // What a click took off the screen meanwhile stays off.
    const taken = new Set(state.shown.map((s) => s.id))
    const raised = new Set(decision.show.map((s) => s.id))
    const shown = decision.shown.filter((s) => taken.has(s.id) || raised.has(s.id))
    if (decision.ledger !== state.notified || shown.length !== state.shown.length || raised.size > 0)
      dispatch({ kind: 'notifications.decided', ledger: decision.ledger, shown })
    if (decision.show.length > 0 || decision.withdraw.length > 0)
      notifications.tell({ show: decision.show, withdraw: decision.withdraw })
  }

  const tickNow = (): void => {
    const at = clock.now()
    dispatch({ kind: 'clock.tick', at, utcOffsetMinutes: utcOffsetAt(at) })
  }
  function tick(): void {
    tickNow()
    planTick()
  }
  /** Sooner while the tray counts down to the next attempt: at each step that it shows. */
  function planTick(): void {
    cancelTick()
    const left = (parseTime(state.connection.until) ?? 0) - clock.now()
    const delayMs = left > 0 ? Math.min(TICK_MS, left % COUNTDOWN_STEP_MS || COUNTDOWN_STEP_MS) : TICK_MS
    cancelTick = clock.schedule(delayMs, tick)
  }

  /** The outbox that has this call: ids are distinct over all of them, so the first that knows it is the one. */
  async function onCall(
    id: string,
    act: (outbox: Outbox) => Promise<Result<null, ActionError>>,
  ): Promise<Result<null, CommandError>> {
    for (const outbox of deps.outboxes()) {
      const done = await act(outbox)
      if (done.ok) return ok(null)
      if (done.error.code !== 'not-found')
        return failure(done.error.code === 'not-owner' ? 'refused' : done.error.code, done.error.message)
    }
    return failure('not-found', `no call ${id}`)
  }
  async function onCalls(
    ids: readonly string[],
    act: (outbox: Outbox, id: string) => Promise<Result<null, ActionError>>,
  ): Promise<Result<null, CommandError>> {
    let failed: CommandError | null = null
    for (const id of ids) {
      const done = await onCall(id, (outbox) => act(outbox, id))
      if (!done.ok) failed ??= done.error
    }
    return failed ? err(failed) : ok(null)
  }

  async function flush(outboxes: readonly Outbox[]): Promise<Result<FlushCounts, CommandError>> {
    connection.retryNow()
    const total = { delivered: 0, setAside: 0, skipped: 0, waiting: 0 }
    let failed: string | null = null
    for (const done of await Promise.all(outboxes.map((o) => o.flush({ waitMs: 0, lanes: 1 })))) {
      if (!done.ok) {
        failed ??= done.error.message
        continue
      }
      total.delivered += done.value.delivered
      total.setAside += done.value.setAside
      total.skipped += done.value.skipped
      total.waiting += done.value.waiting
    }
    return failed === null ? ok(total) : failure('failed', failed)
  }

  async function released(outcome: ReleaseOutcome): Promise<Result<ReleaseOutcome, CommandError>> {
    if (outcome.released > 0 || outcome.refused.length > 0) await poller.poke()
    return ok(outcome)
  }

  /** Sends now; keeps it in this app's queue where the API is away. */
  async function sendOrQueue(
    method: string,
    path: string,
    body: unknown,
  ): Promise<Result<HttpOutcome | 'queued', CommandError>> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    if (connection.isReady()) {
      const outcome = await connection.send({
        method,
        path,
        headers: text === undefined ? {} : { 'content-type': 'application/json' },
        ...(text === undefined ? {} : { body: text }),
      })
      if (outcome.kind === 'in-doubt' && method === 'POST') return ok(outcome)
      if (!isAway(outcome)) {
        if (outcome.kind === 'answer' && outcome.status < 300) return ok(outcome)
        return failure('refused', reasonOf(outcome))
      }
    }
    const ts = toIso(clock.now())
    const line = JSON.stringify(body === undefined ? { ts, method, path } : { ts, method, path, body })
    const kept = await deps.enqueue(line)
    return kept.ok ? ok('queued') : failure('storage', kept.error)
  }

  async function sendMessage(
    input: Parameters<CommandHandlers['message.send']>[0],
  ): ReturnType<CommandHandlers['message.send']> {
    const body = {
      from_session: input.from,
      ...(input.to === null ? {} : { to_session: input.to }),
      project_key: input.project,
      subject: input.subject,
      body: input.body,
    }
    const startedAt = clock.now() + connection.serverSkewMs()
    const sent = await sendOrQueue('POST', '/api/coord/messages', body)
    if (!sent.ok) return sent
    if (sent.value === 'queued') return ok({ id: null, queued: true })
    if (sent.value.kind === 'answer') {
      const row = messageRow.safeParse(jsonOf(sent.value))
      if (!row.success) return ok({ id: null, queued: false })
      // One's own message is no news.
      dispatch({
        kind: 'notifications.decided',
        ledger: {
          ...state.notified,
          told: [...addDistinct(state.notified.told, [messageKey(state.server, row.data)], MAX_TOLD)],
        },
        shown: state.shown,
      })
      return ok({ id: row.data.id, queued: false })
    }
    // In doubt: only a row that is there says that it arrived; sending once more could double it.
    const list = decodeRows(
      jsonOf(await connection.get('/api/coord/messages?unread_only=true')),
      'messages',
      messageRow,
    )
    const found = list?.rows.filter(
      (m) =>
        m.from_session === input.from &&
        m.to_session === input.to &&
        m.subject === input.subject &&
        m.body === input.body &&
        (parseTime(m.created_at) ?? 0) >= startedAt - 2_000,
    )
    return found?.length === 1
      ? ok({ id: found[0]?.id ?? null, queued: false })
      : failure('failed', 'The connection broke while sending; look in Messages before sending again.')
  }

  /** Ends the wait for releases under way: what is not released by now is kept. */
  let hurry = (): void => {}
  const hasLeft = (): boolean => state.quit === 'leaving'
  async function releaseAndQuit(): Promise<void> {
    if (state.quit === 'releasing' || state.quit === 'leaving') return
    dispatch({ kind: 'quit.releasing' })
    publish()
    const mine = myLocks(state)
    const hurried = new Promise<undefined>((done) => (hurry = () => done(undefined)))
    const outcome = await within(Promise.race([locks.releaseAll(), hurried]), RELEASE_DEADLINE_MS, clock)
    hurry = () => {}
    if (hasLeft()) return // at once, by the system's wish: kept already
    if (outcome) return leave(outcome)
    // Some may have been released meanwhile; replaying their release does no harm.
    const kept = locks.keepNow(mine)
    log.warn('locks were not released in time', { locks: mine.length, queued: kept.ok })
    leave(
      kept.ok
        ? { released: 0, queued: mine.length, refused: [] }
        : {
            released: 0,
            queued: 0,
            refused: mine.map((l) => ({ id: l.id, holder: l.session_id, reason: kept.error })),
          },
    )
  }
  function leave(outcome: ReleaseOutcome): void {
    if (state.quit === 'leaving') return
    dispatch({ kind: 'quit.decided' })
    publish()
    quits.tell(outcome)
  }

  async function updateSettings(settings: SettingsView): Promise<Result<null, CommandError>> {
    const { startAtLogin } = settings
    if (startAtLogin !== null && startAtLogin !== state.settings.startAtLogin) {
      if (!deps.setStartAtLogin) return failure('refused', 'Only the tray app can be started at login.')
      const done = await deps.setStartAtLogin(startAtLogin)
      if (!done.ok) return failure('failed', `Starting at login could not be changed: ${done.error}`)
    }
    const kept = await deps.saveSettings(settings)
    if (!kept.ok) return failure('storage', kept.error)
    const before = state.settings
    dispatch({ kind: 'settings.changed', settings, machine: kept.value })
    if (settings.apiUrl !== before.apiUrl)
      dispatch({
        kind: 'fault.found',
        id: 'restart',
        fault: { text: 'The address of the API was changed.', wayOut: 'It is used from the next start on.' },
      })
    const isOtherList = (of: 'workspaces' | 'ignoredWorkspaces'): boolean =>
      settings[of].join('\n') !== before[of].join('\n')
    if (isOtherList('workspaces') || isOtherList('ignoredWorkspaces'))
      await deps.useWorkspaces(settings.workspaces)
    return ok(null)
  }

  async function quit(
    choice: 'release' | 'keep' | 'cancel' | null,
    remember: boolean,
  ): Promise<Result<null, CommandError>> {
    if (choice === 'cancel') {
      dispatch({ kind: 'quit.cancelled' })
      return ok(null)
    }
    if (choice !== null && remember) {
      const kept = await updateSettings({ ...state.settings, quitChoice: choice })
      if (!kept.ok) log.warn('the choice was not remembered', { why: kept.error.message })
    }
    const wanted = choice ?? state.settings.quitChoice
    // Quitting a second time means now.
    if (state.quit === 'releasing') hurry()
    else if (wanted === 'ask' && myLocks(state).length > 0 && state.quit === 'none') {
      dispatch({ kind: 'quit.asked' })
      publish()
      openings.tell(null)
    } else if (wanted === 'release') void releaseAndQuit()
    else if (wanted === 'keep' || myLocks(state).length === 0) leave(NOTHING_RELEASED)
    else openings.tell(null)
    return ok(null)
  }

  async function mute(
    until: 'in-an-hour' | 'tomorrow' | null,
    project: string | null,
  ): Promise<Result<{ until: string | null }, CommandError>> {
    const now = clock.now()
    const end =
      until === null
        ? null
        : toIso(until === 'tomorrow' ? tomorrowMorning(now, utcOffsetAt) : now + 60 * 60_000)
    const kept = await updateSettings(
      project === null
        ? { ...state.settings, mutedUntil: end }
        : { ...state.settings, mutedProjects: withMutedProject(state.settings, project, end, now) },
    )
    return kept.ok ? ok({ until: end }) : kept
  }

  async function check(): Promise<Result<{ findings: Finding[] }, CommandError>> {
    const { state: how, detail } = connection.view()
    const isOnline = how === 'online'
    const findings: Finding[] = [
      {
        check: 'coordination API',
        isWell: isOnline,
        detail: `${state.apiUrl}: ${detail || how}`,
        fix: isOnline
          ? null
          : 'Calls wait and are sent as soon as it answers. Look at the server, or at the address in Settings.',
      },
    ]
    const ask = async (path: string): Promise<Asked> => {
      const outcome = await connection.get(path)
      return outcome.kind === 'answer'
        ? { kind: 'answer', status: outcome.status, json: jsonOf(outcome) }
        : { kind: 'away', detail: outcome.detail }
    }
    if (isOnline) findings.push(...(await checkEndpoints(ask)))
    findings.push(...((await deps.checkHere?.()) ?? []))
    return ok({ findings })
  }

  /** However many: their ids alone are kept in memory, and what fails for one does not stop the others. */
  async function actOnAll(
    workspace: string,
    end: 'set-aside' | 'skipped',
    act: 'send' | 'discard',
  ): Promise<Result<{ done: number; left: number }, CommandError>> {
    const outbox = deps.outboxes().find((o) => o.path === workspace)
    if (!outbox) return failure('not-found', `${workspace} is not watched`)
    const ids = (await outbox.list(end, Number.MAX_SAFE_INTEGER)).map((call) => call.id)
    let done = 0
    for (const id of ids) {
      const acted = act === 'send' ? await outbox.sendAnyway(id) : await outbox.discard(id)
      if (acted.ok) done++
      else if (acted.error.code === 'storage' || acted.error.code === 'not-owner')
        return done > 0
          ? ok({ done, left: ids.length - done })
          : failure(acted.error.code === 'storage' ? 'storage' : 'refused', acted.error.message)
    }
    return ok({ done, left: ids.length - done })
  }

  const handlers: CommandHandlers = {
    'snapshot.get': () => Promise.resolve(ok(toSnapshot(state, revision))),
    'connection.retry': () => {
      connection.retryNow()
      void poller.poke()
      return Promise.resolve(ok(null))
    },
    'queue.flush': ({ workspace }) => {
      const wanted = deps.outboxes().filter((o) => workspace === null || o.path === workspace)
      void poller.poke() // a person looks: what is read is fresh, too
      return wanted.length === 0 && workspace !== null
        ? Promise.resolve(failure('not-found', `${workspace} is not watched`))
        : flush(wanted)
    },
    'queue.list': async ({ workspace, end, limit }) => {
      const outbox = deps.outboxes().find((o) => o.path === workspace)
      if (!outbox) return failure('not-found', `${workspace} is not watched`)
      const calls: Call[] = [...(await outbox.list(end, limit))]
      return ok({ calls })
    },
    'queue.send': ({ ids }) => onCalls(ids, (outbox, id) => outbox.sendAnyway(id)),
    'queue.all': ({ workspace, end, act }) => actOnAll(workspace, end, act),
    'queue.edit': ({ id, line }) => onCall(id, (outbox) => outbox.edit(id, line)),
    'queue.discard': ({ ids }) => onCalls(ids, (outbox, id) => outbox.discard(id)),
    'lock.release': async ({ id, force }) => released(await locks.release(id, force)),
    'session.cleanUp': async ({ session }) => released(await locks.cleanUp(session)),
    'machine.releaseAll': async () => released(await locks.releaseAll()),
    'message.seen': ({ ids }) => {
      dispatch({ kind: 'message.seen', ids })
      if (state.openMessage !== null && ids.includes(state.openMessage)) dispatch({ kind: 'message.opened' })
      return Promise.resolve(ok(null))
    },
    'message.read': async ({ id, session }) => {
      const query = session === null ? '' : `?session_id=${encodeURIComponent(session)}`
      const sent = await sendOrQueue(
        'PUT',
        `/api/coord/messages/${encodeURIComponent(id)}/read${query}`,
        undefined,
      )
      if (!sent.ok) return sent
      dispatch({ kind: 'message.marked-read', id })
      void poller.poke()
      return ok(null)
    },
    'message.send': async (input) => {
      const sent = await sendMessage(input)
      void poller.poke()
      return sent
    },
    'settings.update': (input) => {
      const given = Object.fromEntries(Object.entries(input).filter(([, v]) => v !== undefined))
      return updateSettings({ ...state.settings, ...given })
    },
    'notifications.mute': ({ until, project }) => mute(until, project),
    'notifications.test': async () => {
      if (!deps.raisesNotifications)
        return failure('refused', 'Notifications are shown by the tray app, not by this front.')
      return ok(
        await sendTestNotification({
          clock,
          show: (view) => notifications.tell({ show: [view], withdraw: [] }),
          onEvent: events.add,
        }),
      )
    },
    'check.run': check,
    'app.quit': ({ choice, remember }) => quit(choice, remember),
    'app.openLog': async () => {
      await deps.openLog()
      return ok(null)
    },
  }

  return {
    start() {
      if (isRunning) return
      isRunning = true
      unsubscribe = connection.onChange((view) =>
        dispatch({ kind: 'connection.changed', view, at: clock.now() }),
      )
      dispatch({ kind: 'connection.changed', view: connection.view(), at: clock.now() })
      tick()
      poller.start()
    },
    async stop() {
      isRunning = false
      unsubscribe()
      cancelTick()
      cancelWake()
      cancelPublish?.()
      cancelPublish = null
      await poller.stop()
      await deciding
      await Promise.all(saves)
    },
    dispatch,
    state: () => state,
    snapshot: () => toSnapshot(state, revision),
    trayView: () => toTrayView(state),
    onSnapshot: snapshots.add,
    onTrayView: trayViews.add,
    onNotifications: notifications.add,
    onQuit: quits.add,
    onOpenWindow: openings.add,
    onEvent: events.add,
    handlers,
    notificationClicked(id) {
      const messageId = state.shown.find((n) => n.id === id)?.messageId ?? null
      dispatch({ kind: 'notification.clicked', messageId, notificationId: id })
      publish()
    },
    openMessage(id) {
      dispatch({ kind: 'notification.clicked', messageId: id, notificationId: '' })
      publish()
    },
    leaveAtOnce() {
      const isReleasing = state.quit === 'releasing'
      if (hasLeft() || !(isReleasing || state.settings.quitChoice === 'release')) return { queued: 0 }
      const mine = myLocks(state)
      if (mine.length === 0) return { queued: 0 }
      if (isReleasing) dispatch({ kind: 'quit.decided' })
      return locks.keepNow(mine).ok ? { queued: mine.length } : { queued: 0 }
    },
    flushAll: () => flush(deps.outboxes()),
  }
}
