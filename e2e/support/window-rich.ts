/** A world in which every view has much to show, for pictures and measures. Invented. */
import type { AppSnapshot, HistoryView } from '../../shared/snapshot.ts'
import { troubleOfState } from '../../shared/component-state.ts'
import { queueWorld } from './queue-world.ts'
import { ago, lock, message, namedIn, past, suggestions } from './window-world.ts'

const projects = ['gururmm', 'claudetools', 'dataforth-dos']
const of = <T>(list: readonly T[], n: number): T => {
  const one = list[n % list.length]
  if (one === undefined) throw new Error('an empty list')
  return one
}
const sessions = ['claude-main', 'agent-windows-collector', 'docs-writer', 'db-migrations', 'reviewer']
const resources = [
  'hot/file',
  'dashboard',
  'proto/agent.proto',
  'docs',
  'ats/TESTSTATION-4',
  'src/module-01/index.ts',
  'Cargo.lock',
  'server/migrations',
]
const subjects = [
  'Schema step 1 is ready',
  'May I have hot/file?',
  'The staging server restarts at six',
  'Review of the agent protocol',
  'Dry run done, 3 of 412 failed',
  'خطة الترحيل جاهزة',
]

const locksOf = (): AppSnapshot['locks'] => [
  lock('hot', 'DESKTOP-1/claude-main', 'hot/file', {
    acquiredAt: ago(124),
    lastActivityAt: ago(42),
    staleAt: ago(-78),
    expiresAt: ago(-116),
    refused: ['LAPTOP-7/claude-main', 'DESKTOP-1/release-bot', 'SRV-DB/claude'].map((session, n) => ({
      session,
      at: ago(3 + n * 4),
      isWaiting: true,
    })),
  }),
  ...Array.from({ length: 13 }, (_, n) =>
    lock(`r${n}`, `DESKTOP-1/${of(sessions, n)}`, of(resources, n + 1), {
      project: of(projects, n),
      acquiredAt: ago(20 + n * 23),
      lastActivityAt: ago(1 + n * 11),
      staleAt: ago(n * 11 - 119),
      expiresAt: n % 4 === 0 ? null : ago(n * 23 - 320),
      isStale: n > 11,
    }),
  ),
  ...Array.from({ length: 6 }, (_, n) =>
    lock(`o${n}`, `LAPTOP-7/${of(sessions, n)}`, of(resources, n * 3), {
      project: of(projects, n + 1),
      lastActivityAt: ago(n * 40),
      staleAt: ago(n * 40 - 120),
      isStale: n * 40 > 120,
    }),
  ),
]

const messagesOf = (): AppSnapshot['messages'] =>
  Array.from({ length: 14 }, (_, n) =>
    message(n + 1, {
      id: `rich-${n}`,
      from: `${of(['LAPTOP-7', 'SRV-DB', 'DESKTOP-1'], n)}/${of(sessions, n * 2)}`,
      to: n % 5 === 4 ? null : `DESKTOP-1/${of(sessions, n + 1)}`,
      isBroadcast: n % 5 === 4,
      project: of(projects, n),
      subject: of(subjects, n),
      isSeen: n > 3,
      isRead: n > 8,
      body: 'The dry run is through on the staging server: 409 of 412 tests are green.\n\nI keep hot/file until the three in alerts::rules are looked at. Please rebase before you go on.',
    }),
  )

const STATES = ['deployed', 'building', 'degraded', 'deployed', 'failed', 'deployed', 'tested']
const componentsOf = (): AppSnapshot['components'] =>
  Array.from({ length: 24 }, (_, n) => ({
    project: of(projects, n),
    component: of(
      ['alerts', 'mcp', 'agent-macos', 'agent-windows', 'dashboard', 'server', 'importer', 'site'],
      n,
    ),
    state: of(STATES, n * 3),
    version: n % 3 === 0 ? null : `0.${n}.4`,
    notes: of(STATES, n * 3) === 'failed' ? 'cargo test: 3 of 412 failed in alerts::rules' : null,
    updatedBy: `LAPTOP-7/${of(sessions, n)}`,
    updatedAt: ago(9 + n * 31),
  }))

const workflowsOf = (): AppSnapshot['workflows'] =>
  ['Move to the new schema', 'Release 0.9.4', 'Split the agent protocol'].map((name, n) => ({
    id: `rw${n}`,
    project: of(projects, n),
    name,
    status: 'active',
    itemsTotal: 6,
    itemsCompleted: 2 + n,
    items: Array.from({ length: 6 }, (_, at) => ({
      id: `rw${n}-${at}`,
      title: of(
        ['Write it', 'Review it', 'Dry run', 'Run it on staging', 'Run it', 'Remove the old one'],
        at,
      ),
      status: at < 2 + n ? 'completed' : at === 2 + n ? 'in_progress' : 'pending',
    })),
  }))

/** What the engine makes of all that. */
function attentionOf(
  workspaces: AppSnapshot['workspaces'],
  components: AppSnapshot['components'],
  locks: AppSnapshot['locks'],
  messages: AppSnapshot['messages'],
): AppSnapshot['attention'] {
  const facts = ({ id, resource, project, session }: AppSnapshot['locks'][number]) => ({
    id,
    resource,
    project,
    session,
  })
  const mine = locks.filter((one) => one.isMine)
  const direct = messages.filter((one) => !one.isSeen && one.to !== null)
  const [newest] = direct
  return [
    ...mine.flatMap((one) => {
      const last = one.refused.at(-1)
      return last
        ? [{ kind: 'lock-wanted' as const, ...facts(one), by: last.session, at: last.at, askedAt: null }]
        : []
    }),
    ...workspaces
      .filter((one) => one.setAsideCount > 0)
      .map(({ path, name, setAsideCount: count }) => ({ kind: 'set-aside' as const, path, name, count })),
    ...components
      .filter((one) => troubleOfState(one.state) === 'failed')
      .map(({ project, component, updatedAt: at }) => ({
        kind: 'component-failed' as const,
        project,
        component,
        at,
      })),
    ...(newest
      ? [
          {
            kind: 'direct-messages' as const,
            count: direct.length,
            id: newest.id,
            from: newest.from,
            subject: newest.subject,
          },
        ]
      : []),
    ...mine
      .filter((one) => one.isStale)
      .map((one) => ({ kind: 'lock-stale' as const, ...facts(one), at: one.staleAt })),
  ]
}

/** Much of everything, and several things that need a person. */
export function rich(): AppSnapshot {
  const base = queueWorld()
  const locks = locksOf()
  const messages = messagesOf()
  const components = componentsOf()
  return {
    ...base,
    locks,
    messages,
    components,
    workflows: workflowsOf(),
    suggestions,
    totals: { ...base.totals, unread: 4, locksMine: locks.filter((one) => one.isMine).length },
    today: { delivered: 292, setAside: 8, skipped: 1 },
    sessions: sessions.map((name, n) => ({
      session: `DESKTOP-1/${name}`,
      guard: n === 0 ? { at: ago(4), did: 'refused' as const } : null,
      hookAt: n < 3 ? ago(1 + n * 7) : null,
      life: [
        { kind: 'queue' as const, at: ago(3 + n * 21) },
        { kind: 'claim' as const, at: ago(20 + n * 33) },
      ],
    })),
    attention: attentionOf(base.workspaces, components, locks, messages),
    settings: {
      ...namedIn(base.settings),
      workspaces: base.workspaces.slice(0, 2).map((one) => one.path),
    },
  }
}

/** Its history: five sessions over eight hours. */
export function richPast(): HistoryView {
  const base = past()
  return {
    ...base,
    locks: [
      ...base.locks,
      ...sessions.flatMap((name, n) => [
        {
          id: `p${n}`,
          resource: of(resources, n),
          project: of(projects, n),
          session: `DESKTOP-1/${name}`,
          from: ago(440 - n * 47),
          to: ago(300 - n * 41),
        },
      ]),
    ],
  }
}
