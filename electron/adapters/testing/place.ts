/** A workspace in a temp folder, and outboxes over it. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import type { FlushCounts } from '../../../shared/protocol.ts'
import type { Outbox, OutboxEvent } from '../../core/outbox/contract.ts'
import { openOutboxes, type OpenOptions, type OpenOutboxes } from '../open-outbox.ts'
import { silentLog } from '../../testing/machine/parts.ts'

export interface Place {
  readonly root: string
  readonly workspace: string
  readonly home: string
  readonly queue: string
  readonly dir: string
  /** Appends lines (objects become JSON) with one write. */
  add(...lines: (object | string | Uint8Array)[]): void
  open(
    baseUrl: string,
    more?: Partial<OpenOptions>,
  ): OpenOutboxes & { readonly box: Outbox; readonly events: OutboxEvent[] }
  /** One `coord flush`. */
  flush(baseUrl: string, waitMs?: number, more?: Partial<OpenOptions>): Promise<FlushCounts>
  ledgers(): string
  segments(): string[]
  remove(): void
}

/** A busy machine must not pass for a silent API. */
const PATIENT = { connectTimeoutMs: 5_000, answerTimeoutMs: 10_000 } as const
/** Where an API that says nothing is played. */
export const QUICK = { http: { connectTimeoutMs: 500, answerTimeoutMs: 300 } } as const

/** Where there is a disk in memory: for tests that are not about a real one, and make thousands of syncs. */
export const IN_MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export function place(withFolder = true, base = tmpdir()): Place {
  const root = realpathSync(mkdtempSync(join(base, 'coord-outbox-')))
  const [workspace, home] = [join(root, 'project'), join(root, 'home')]
  const queue = join(workspace, '.claude', 'coord-queue.jsonl')
  const dir = join(workspace, '.claude', '.coord-outbox')
  mkdirSync(withFolder ? join(workspace, '.claude') : workspace, { recursive: true })
  const open: Place['open'] = (baseUrl, more) => {
    const events: OutboxEvent[] = []
    const opened = openOutboxes({
      workspaces: [{ path: workspace, name: 'project' }],
      home,
      baseUrl,
      log: silentLog,
      http: PATIENT,
      emit: (event) => void events.push(event),
      ...more,
    })
    const box = opened.outboxes[0]
    if (!box) throw new Error('no outbox')
    return { ...opened, box, events }
  }
  return {
    root,
    workspace,
    home,
    queue,
    dir,
    add(...lines) {
      const parts = lines.map((l) =>
        l instanceof Uint8Array ? l : Buffer.from(typeof l === 'string' ? l : `${JSON.stringify(l)}\n`),
      )
      appendFileSync(queue, Buffer.concat(parts))
    },
    open,
    async flush(baseUrl, waitMs = 0, more) {
      const opened = open(baseUrl, more)
      try {
        const done = await opened.box.flush({ waitMs, lanes: 1 })
        if (!done.ok) throw new Error(`${done.error.code}: ${done.error.message}`)
        return done.value
      } finally {
        await opened.close()
      }
    },
    ledgers: () =>
      existsSync(dir)
        ? readdirSync(dir)
            .filter((n) => n.endsWith('.led'))
            .sort()
            .map((n) => readFileSync(join(dir, n), 'utf8'))
            .join('')
        : '',
    segments: () => (existsSync(dir) ? readdirSync(dir).filter((n) => n.endsWith('.seg')) : []),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }),
  }
}

/** Polls until the condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 40_000): Promise<void> {
  const end = performance.now() + limitMs
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`not in ${limitMs} ms: ${condition.toString()}`)
    await after(10)
  }
}

export const now = (): string => new Date().toISOString()
export const ago = (ms: number): string => new Date(Date.now() - ms).toISOString()

export const message = (subject: string, ts: string | undefined = now()): object => ({
  ...(ts === undefined ? {} : { ts }),
  method: 'POST',
  path: '/api/coord/messages',
  body: { from_session: 'M/a', project_key: 'p', subject, body: 'x' },
})
export const component = (name: string, state: string, ts: string | undefined = now()): object => ({
  ...(ts === undefined ? {} : { ts }),
  method: 'PUT',
  path: `/api/coord/components/p/${name}`,
  body: { state, updated_by: 'M/a' },
})
export const claim = (
  resource: string,
  session: string,
  ts: string | undefined = now(),
  ttl: unknown = 2,
): object => ({
  ...(ts === undefined ? {} : { ts }),
  method: 'POST',
  path: '/api/coord/locks',
  body: { project_key: 'p', session_id: session, resource, description: 'd', ttl_hours: ttl },
})
export const releaseAll = (session: string, ts: string | undefined = now()): object => ({
  ...(ts === undefined ? {} : { ts }),
  method: 'DELETE',
  path: `/api/coord/locks?session_id=${encodeURIComponent(session)}&release_all=true`,
})
