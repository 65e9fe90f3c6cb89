/**
 * A Galera cluster of the tests' own: each node with a network of its own that leads to the other nodes and nowhere else, so that it can be
 * cut. Servers reach a node by its socket.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type Connection } from 'mysql2/promise'
import { inFolder, installMariaDb, MARIADBD, NO_MARIADB, NOBODY } from './mariadb.ts'

const PROVIDER = '/usr/lib/galera/libgalera_smm.so'
const START_LIMIT_MS = 60_000
/** For documents and tests: addresses that belong to nobody, inside of namespaces that lead nowhere. */
const addressOf = (n: number): string => `192.0.2.${n + 1}`

/** What takes a node's state over whole: both lie on this machine, so it is copied. Called by mariadbd, in its own words. */
const TAKE_OVER = `#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    --role) role=$2; shift ;;
    --address) address=$2; shift ;;
    --datadir) data=\${2%/}; shift ;;
    --gtid) gtid=$2; shift ;;
    --bypass) bypass=1 ;;
  esac
  shift
done
if [ "$role" = joiner ]; then
  rm -f "$data/taken-over"
  echo "ready $data"
  while [ ! -f "$data/taken-over" ]; do sleep 0.1; done
  cat "$data/taken-over"
  exit 0
fi
to=\${address}
if [ -z "$bypass" ]; then
  rm -f "$data/tables_flushed"
  echo "flush tables"
  while [ ! -f "$data/tables_flushed" ]; do sleep 0.1; done
  find "$to" -mindepth 1 -maxdepth 1 ! -name 'galera.cache' ! -name 'gvwstate.dat' -exec rm -rf {} +
  ( cd "$data" && cp -r ibdata1 undo* ib_logfile* aria_log* mysql performance_schema sys coord "$to" 2>/dev/null )
  gtid=$(cat "$data/tables_flushed")
  echo "continue"
fi
echo "$gtid" > "$to/taking-over"
mv "$to/taking-over" "$to/taken-over"
echo "done $gtid"
`

const run = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** Whether this user may make networks: root, outside of a container that forbids it. */
function mayMakeNetworks(): boolean {
  const name = `cg-try-${process.pid}`
  const isMade = run('ip', 'netns', 'add', name) && run('ip', '-n', name, 'link', 'set', 'lo', 'up')
  run('ip', 'netns', 'delete', name)
  return isMade
}

function missing(): string | undefined {
  if (NO_MARIADB !== undefined) return NO_MARIADB
  if (!existsSync(PROVIDER))
    return 'NOT TESTED on a Galera cluster: there is none here (sudo apt-get install -y galera-4)'
  return mayMakeNetworks()
    ? undefined
    : 'NOT TESTED on a Galera cluster: this user may not make networks (ip netns; as root, with iproute2)'
}
/** Said by a test that cannot run without it. */
export const NO_GALERA = missing()

export interface GaleraNode {
  /** For a server. */
  readonly address: string
  /** As the database's administrator. */
  sql(text: string): Promise<Record<string, unknown>[]>
  /** A connection of the administrator's; whoever opens it ends it. */
  open(): Promise<Connection>
  /** Starts it again where it lay down, and waits until it has what the others have. */
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Waits until it says that it has what the others have, among so many nodes. */
  untilSynced(size: number): Promise<void>
}

export interface GaleraCluster {
  readonly nodes: readonly GaleraNode[]
  /** Cuts the network between two nodes, or joins it again. */
  cut(a: number, b: number): void
  join(a: number, b: number): void
  remove(): Promise<void>
}

/** The networks of some nodes: each pair has a line of its own. */
class Networks {
  readonly #prefix = `cg${process.pid}`
  readonly #size: number

  constructor(size: number) {
    this.#size = size
    for (let n = 0; n < size; n++) {
      this.#ip('netns', 'add', this.nameOf(n))
      this.#in(n, 'link', 'set', 'lo', 'up')
      this.#in(n, 'address', 'add', `${addressOf(n)}/32`, 'dev', 'lo')
    }
    for (let a = 0; a < size; a++)
      for (let b = a + 1; b < size; b++) {
        this.#ip(
          'link',
          'add',
          `to${b}`,
          'netns',
          this.nameOf(a),
          'type',
          'veth',
          'peer',
          'name',
          `to${a}`,
          'netns',
          this.nameOf(b),
        )
        this.join(a, b)
      }
  }
  nameOf(n: number): string {
    return `${this.#prefix}-${n}`
  }
  join(a: number, b: number): void {
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#in(from, 'link', 'set', `to${to}`, 'up')
      this.#in(from, 'route', 'replace', `${addressOf(to)}/32`, 'dev', `to${to}`, 'src', addressOf(from))
    }
  }
  cut(a: number, b: number): void {
    this.#in(a, 'link', 'set', `to${b}`, 'down')
    this.#in(b, 'link', 'set', `to${a}`, 'down')
  }
  remove(): void {
    for (let n = 0; n < this.#size; n++) run('ip', 'netns', 'delete', this.nameOf(n))
  }
  #in(n: number, ...args: string[]): void {
    this.#ip('-n', this.nameOf(n), ...args)
  }
  #ip(...args: string[]): void {
    const done = spawnSync('ip', args, { encoding: 'utf8' })
    if (done.status !== 0) throw new Error(`ip ${args.join(' ')}: ${done.stderr}`)
  }
}

class Node implements GaleraNode {
  readonly #folder: string
  readonly #number: number
  readonly #size: number
  readonly #network: string
  readonly #programs: string
  #child: ChildProcess | undefined

  constructor(parent: string, number: number, size: number, network: string) {
    this.#folder = join(parent, `n${number}`)
    this.#programs = parent
    this.#number = number
    this.#size = size
    this.#network = network
    mkdirSync(join(this.#folder, 'data'), { recursive: true })
    chownSync(this.#folder, NOBODY, NOBODY)
    chownSync(join(this.#folder, 'data'), NOBODY, NOBODY)
  }
  get #socket(): string {
    return join(this.#folder, 's')
  }
  get #log(): string {
    return join(this.#folder, 'log.err')
  }
  get address(): string {
    return `mariadb://coord@/coord?socket=${encodeURIComponent(this.#socket)}`
  }

  #options(log: string): string[] {
    return [
      '--no-defaults',
      `--datadir=${join(this.#folder, 'data')}`,
      `--socket=${this.#socket}`,
      `--pid-file=${join(this.#folder, 'pid')}`,
      `--log-error=${log}`,
      '--skip-networking',
      '--binlog-format=ROW',
      '--default-storage-engine=InnoDB',
      '--innodb-autoinc-lock-mode=2',
      '--innodb-buffer-pool-size=32M',
      '--innodb-log-file-size=24M',
    ]
  }
  #spawn(...more: string[]): void {
    const nobody = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups']
    this.#child = spawn(
      'ip',
      [
        'netns',
        'exec',
        this.#network,
        'setpriv',
        ...nobody,
        MARIADBD ?? '',
        ...this.#options(this.#log),
        ...more,
      ],
      {
        cwd: this.#folder,
        stdio: 'ignore',
        env: { ...inFolder(this.#folder).env, PATH: `${this.#programs}:${process.env['PATH']}` },
      },
    )
  }

  /** Makes the database that the others take over. */
  async install(): Promise<void> {
    installMariaDb(this.#folder)
    this.#spawn('--wsrep-on=OFF')
    await this.#until('SELECT 1 AS is_up', (row) => row?.['is_up'] === 1)
    await this.sql('CREATE DATABASE coord')
    await this.sql('CREATE USER coord@localhost')
    await this.sql('GRANT ALL ON coord.* TO coord@localhost')
    await this.stop()
  }
  async start(isFirst = false): Promise<void> {
    const own = addressOf(this.#number)
    const others = Array.from({ length: this.#size }, (_, n) => n).filter((n) => n !== this.#number)
    this.#spawn(
      '--wsrep-on=ON',
      `--wsrep-provider=${PROVIDER}`,
      `--wsrep-provider-options=gmcast.listen_addr=tcp://${own}:4567;ist.recv_addr=${own}:4568;gcache.size=64M;evs.keepalive_period=PT0.5S;evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S`,
      `--wsrep-cluster-address=gcomm://${isFirst ? '' : others.map((n) => `${addressOf(n)}:4567`).join(',')}`,
      `--wsrep-node-address=${own}`,
      `--wsrep-node-name=n${this.#number}`,
      '--wsrep-sst-method=take_over',
      ...(isFirst ? ['--wsrep-new-cluster'] : this.#recovered()),
    )
    await this.untilSynced(isFirst ? 1 : 2)
  }
  /** A node that was killed does not say where it stood: its log does. */
  #recovered(): string[] {
    const state = join(this.#folder, 'data/grastate.dat')
    if (!existsSync(state) || !/seqno:\s+-1/.test(readFileSync(state, 'utf8'))) return []
    const log = join(this.#folder, 'recover.err')
    rmSync(log, { force: true })
    spawnSync(MARIADBD ?? '', [...this.#options(log), '--wsrep-recover'], inFolder(this.#folder))
    const position = /Recovered position: *(\S+)/.exec(readFileSync(log, 'utf8'))?.[1]
    return position === undefined ? [] : [`--wsrep-start-position=${position}`]
  }
  async untilSynced(size: number): Promise<void> {
    await this.#until(
      `SELECT (SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_local_state_comment') AS state,
        (SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_cluster_size') AS size`,
      (row) => row?.['state'] === 'Synced' && Number(row['size']) >= size,
    )
  }
  async #until(sql: string, isReady: (row: Record<string, unknown> | undefined) => boolean): Promise<void> {
    const until = Date.now() + START_LIMIT_MS
    for (;;) {
      const rows = await this.sql(sql).catch(() => [])
      if (isReady(rows[0])) return
      if (this.#child?.exitCode !== null || Date.now() > until)
        throw new Error(
          `node ${this.#number} did not start: ${readFileSync(this.#log, 'utf8').slice(-3_000)}`,
        )
      await sleep(100)
    }
  }
  open(): Promise<Connection> {
    return createConnection({ socketPath: this.#socket, user: 'root', connectTimeout: 2_000 })
  }
  async sql(text: string): Promise<Record<string, unknown>[]> {
    const connection = await this.open()
    try {
      return (await connection.query(text))[0] as Record<string, unknown>[]
    } finally {
      connection.destroy()
    }
  }
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }
}

/** Starts a cluster: one database is made, and the others take it over. */
export async function startGalera(size: number): Promise<GaleraCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'cg-'))
  chmodSync(folder, 0o755)
  const program = join(folder, 'wsrep_sst_take_over')
  writeFileSync(program, TAKE_OVER)
  chmodSync(program, 0o755)
  const networks = new Networks(size)
  const nodes = Array.from({ length: size }, (_, n) => new Node(folder, n, size, networks.nameOf(n)))
  const remove = async (): Promise<void> => {
    for (const node of nodes) {
      node.signal('SIGCONT')
      await node.stop('SIGKILL')
    }
    networks.remove()
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
  }
  try {
    await nodes[0]?.install()
    await nodes[0]?.start(true)
    for (const node of nodes.slice(1)) await node.start()
    return { nodes, cut: (a, b) => networks.cut(a, b), join: (a, b) => networks.join(a, b), remove }
  } catch (problem) {
    await remove()
    throw problem
  }
}
