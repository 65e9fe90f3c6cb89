/** Builds the connection and one outbox a workspace from the real adapters, for every front. */
import { createConnection, type GatedConnection } from '../core/coord/connection.ts'
import { createOutbox, type WatchPort } from '../core/outbox/outbox.ts'
import type { Outbox, OutboxEvent } from '../core/outbox/contract.ts'
import type { Log } from '../core/ports.ts'
import { createFileSystem } from './file-system.ts'
import { usedFolders } from './find-workspaces.ts'
import { createHttp, type HttpOptions } from './http.ts'
import { createOwner } from './ownership/owner.ts'
import { systemClock, systemKeys, systemRandom } from './system.ts'
import { noWatcher } from './watcher.ts'

export interface OpenOptions {
  readonly workspaces: readonly { readonly path: string; readonly name: string }[]
  /** COORD_HOME. */
  readonly home: string
  readonly baseUrl: string
  readonly token?: string | null | undefined
  /** Nobody configured `baseUrl`: the server there must prove itself, and gets no token. */
  readonly isEmbedded?: boolean
  readonly log: Log
  readonly watch?: WatchPort
  readonly emit?: (event: OutboxEvent) => void
  /** Time-outs, or a number of connections, other than the usual ones. */
  readonly http?: Pick<HttpOptions, 'connectTimeoutMs' | 'answerTimeoutMs' | 'connections'>
  /** See `ConnectionDeps`. */
  readonly probeTimeoutMs?: number
}

export interface OpenOutboxes {
  readonly connection: GatedConnection
  readonly outboxes: readonly Outbox[]
  /** One more workspace, on the same connection. */
  open(workspace: { readonly path: string; readonly name: string }): Outbox
  close(): Promise<void>
}

export function openOutboxes(options: OpenOptions): OpenOutboxes {
  const http = createHttp({
    baseUrl: options.baseUrl,
    proof: options.isEmbedded === true ? { home: options.home } : null,
    ...options.http,
  })
  const fs = createFileSystem()
  const owner = createOwner({ home: options.home, baseUrl: http.baseUrl })
  const connection = createConnection({
    http,
    clock: systemClock,
    random: systemRandom,
    log: options.log,
    ...(options.probeTimeoutMs === undefined ? {} : { probeTimeoutMs: options.probeTimeoutMs }),
    ...(!options.token || options.isEmbedded === true
      ? {}
      : { headers: { authorization: `Bearer ${options.token}` } }),
  })
  const all: Outbox[] = []
  const open = (workspace: { readonly path: string; readonly name: string }): Outbox => {
    const outbox = createOutbox({
      workspace: workspace.path,
      name: workspace.name,
      fs,
      clock: systemClock,
      random: systemRandom,
      keys: systemKeys,
      log: options.log,
      connection,
      owner,
      watch: options.watch ?? noWatcher,
      neighbours: () => [...all.map((one) => one.path), ...usedFolders(options.home)],
      emit: options.emit,
    })
    all.push(outbox)
    return outbox
  }
  for (const workspace of options.workspaces) open(workspace)
  return {
    connection,
    outboxes: all,
    open,
    async close() {
      connection.stop()
      await Promise.all(all.map((o) => o.stop()))
      await http.close()
    },
  }
}
