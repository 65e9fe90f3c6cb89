/** `coord serve`: the coordination API alone. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { portOf, type Context } from '../context.ts'
import { needDataFolder } from '../data-folder.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { readHomeKey, serverProof } from '../../adapters/home-key.ts'
import { instanceOf } from '../../adapters/instance.ts'
import { lookAtServer } from '../../adapters/look-at-server.ts'
import { hint, isJson, result, write } from '../output.ts'
import type { ServeOptions } from '../../api/serve.ts'
import { isServerAddress, type DatabaseChoice } from '../../api/open-store.ts'
import { databaseOf } from './database-choice.ts'

export interface ServeFlags {
  readonly host?: string
  readonly port?: string
  readonly database?: string
  readonly backup?: string
  readonly restore?: string
  readonly import?: string
  /** False: `--no-token`. */
  readonly token?: boolean
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly proxy?: string
  readonly proxyFrom?: string
  readonly proxyHeader?: string
  readonly hostName?: string
  readonly log?: string
  /** For a parent that starts us: its end of our stdin is its life. */
  readonly untilStdinCloses?: boolean
}

const LOOK_AGAIN_MS = 1500

/** Whose server this is, and the key that proves it. A folder that has both need not be writable. */
function ownMarks(home: string): { readonly instance: string; readonly key: string } {
  try {
    return { instance: instanceOf(home), key: readHomeKey(home) }
  } catch (error) {
    needDataFolder(home)
    throw error
  }
}

export async function serve(context: Context, flags: ServeFlags): Promise<ExitCode> {
  // The database, its log and every copy are this user's alone, whatever the folder allows.
  process.umask(0o077)
  const choice = databaseOf(context, flags.database)
  const databaseFile = choice.database
  if (flags.backup !== undefined) return backup(choice, resolve(context.cwd, flags.backup))
  if (flags.import !== undefined) return importRows(choice, resolve(context.cwd, flags.import))
  if (flags.restore !== undefined && isServerAddress(databaseFile))
    throw usage('a database server takes a copy into an empty database: --import FILE')
  if (flags.restore !== undefined) return restore(context, databaseFile, resolve(context.cwd, flags.restore))

  const isNew = flags.database !== undefined && !isServerAddress(databaseFile) && !existsSync(databaseFile)
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined))
    throw usage('--tls-cert and --tls-key go together')
  if (flags.log !== undefined && flags.log !== 'text' && flags.log !== 'json')
    throw usage('--log is text or json')
  const { serveApi } = await import('../../api/serve.ts')
  const host = flags.host ?? '127.0.0.1'
  const port = flags.port === undefined ? context.port : portOf(flags.port, '--port')
  const { instance, key } = ownMarks(context.home)
  const ending = untilAskedToEnd(flags.untilStdinCloses === true)
  let isStandingBy = false
  for (;;) {
    const served = await serveApi({
      host,
      port,
      ...choice,
      ...doorOf(flags),
      instance,
      prove: (nonce, baseUrl) => serverProof(key, nonce, baseUrl),
      ...logOf(flags),
    })
    if (served.ok) {
      if (isNew) hint(`coord: ${databaseFile} was not there: a new database was made`)
      await sayListening(served.value.url, databaseFile)
      await ending.asked
      await served.value.close()
      return EXIT.done
    }
    // A parent decides by itself what to do about a port that is taken; a person's `serve` stands by.
    const isOurs =
      served.error.code === 'port-in-use' && !flags.untilStdinCloses && flags.database === undefined
    const url = `http://${host}:${port}`
    if (served.error.code === 'proxy-unusable') throw usage(served.error.message)
    if (!isOurs || !(await isServedByUs(url, key))) throw failure(`${served.error.message}`)
    if (!isStandingBy) await sayStandingBy(url)
    isStandingBy = true
    while (await isServedByUs(url, key)) {
      await Promise.race([sleep(LOOK_AGAIN_MS), ending.asked])
      if (ending.isAsked()) return EXIT.done
    }
  }
}

/** JSON for whoever started it; words where a person looks on. */
const isForProgram = (): boolean => isJson() || !process.stdout.isTTY

/** The address is served, by another process: whoever waits for it may go on. */
async function sayStandingBy(url: string): Promise<void> {
  hint(`coord: ${url} is served already by another process of yours; standing by to take over`)
  if (isForProgram()) await write(JSON.stringify({ listening: url, standing_by: true }) + '\n')
}

async function sayListening(url: string, database: string): Promise<void> {
  if (isForProgram()) return void (await write(JSON.stringify({ listening: url }) + '\n'))
  await write(`The coordination API is at ${url}\n`)
  hint(`  database: ${database.replace(/:[^:@/]*@/, ':…@')}\n  Ctrl-C ends it.`)
}

/** What others have to bring. The token of `coord join` is for another server: only the environment's is an administrator's here. */
const doorOf = (flags: ServeFlags) => ({
  token: process.env['COORD_TOKEN'] || undefined,
  isOpen: flags.token === false,
  tls:
    flags.tlsCert === undefined || flags.tlsKey === undefined
      ? undefined
      : { cert: flags.tlsCert, key: flags.tlsKey },
  proxy: flags.proxy,
  proxyFrom: listed(flags.proxyFrom),
  proxyHeader: flags.proxyHeader,
  hostNames: listed(flags.hostName),
})

const listed = (names: string | undefined): string[] | undefined =>
  names?.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]))

/** Lines for a person, or one JSON object a line: what happens, and each answer with whose token it was. */
function logOf({ log = 'text' }: ServeFlags): Pick<ServeOptions, 'log' | 'onAnswer'> {
  if (log === 'text') return { log: (line) => hint(`coord: ${line}`) }
  const line = (entry: object): void =>
    void process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), ...entry })}\n`)
  return {
    log: (message) => line({ event: 'server', message }),
    onAnswer: ({ ms, ...answer }) => line({ event: 'answer', ...answer, ms: Math.round(ms) }),
  }
}

const isServedByUs = async (url: string, key: string): Promise<boolean> =>
  (await lookAtServer(url, key)).kind === 'ours'

export interface Ending {
  readonly asked: Promise<void>
  isAsked(): boolean
  /** Something else than a signal asks. */
  end(): void
}

/** Resolves at the first SIGINT or SIGTERM, and when the parent has gone where that is asked for. */
export function untilAskedToEnd(isByStdin: boolean): Ending {
  let isAsked = false
  let end: () => void = () => undefined
  const asked = new Promise<void>((resolve) => {
    end = (): void => {
      isAsked = true
      resolve()
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
    if (isByStdin) {
      process.stdin.on('end', end).on('close', end).on('error', end)
      process.stdin.resume()
    }
  })
  return { asked, isAsked: () => isAsked, end: () => end() }
}

async function restore(context: Context, databaseFile: string, source: string): Promise<ExitCode> {
  const { restoreDatabase } = await import('../../api/sqlite/restore.ts')
  const url = `http://127.0.0.1:${context.port}`
  const isDefault = databaseFile === join(context.home, 'coord.db')
  const isServed = (): Promise<boolean> =>
    isDefault && context.port !== 0 ? isServedByUs(url, readHomeKey(context.home)) : Promise.resolve(false)
  const done = await restoreDatabase(databaseFile, source, isServed, Date.now())
  if (!done.ok) throw failure(`${done.error.message}`)
  const { kept } = done.value
  await result(
    { restored: databaseFile, kept },
    kept === null
      ? `Restored: ${databaseFile}`
      : `Restored: ${databaseFile}\nWhat was there is kept as ${kept}`,
  )
  return EXIT.done
}

async function backup(choice: DatabaseChoice, target: string): Promise<ExitCode> {
  if (isServerAddress(choice.database)) {
    const { backupToFile, parseAddress } = await import('../../api/mariadb/store.ts')
    const address = parseAddress(choice.database, choice.databasePassword)
    if (!address.ok) throw failure(address.error)
    const done = await backupToFile(address.value, target)
    if (!done.ok) throw failure(done.error.message)
    await result({ backup: target, rows: done.value }, `Written: ${target}\n${rowsOf(done.value)}`)
    return EXIT.done
  }
  const { backupDatabase } = await import('../../api/sqlite/backup.ts')
  const done = await backupDatabase(choice.database, target)
  if (!done.ok) throw failure(`${done.error.message}`)
  await result({ backup: target }, `Written: ${target}`)
  return EXIT.done
}

async function importRows(choice: DatabaseChoice, source: string): Promise<ExitCode> {
  if (!isServerAddress(choice.database))
    throw usage(
      '--import takes a file into a database server (--database mariadb://…); for a file: --restore',
    )
  const { importFile, parseAddress } = await import('../../api/mariadb/store.ts')
  const address = parseAddress(choice.database, choice.databasePassword)
  if (!address.ok) throw failure(address.error)
  const done = await importFile(address.value, source)
  if (!done.ok) throw failure(done.error.message)
  await result({ imported: source, rows: done.value }, `Taken over: ${source}\n${rowsOf(done.value)}`)
  return EXIT.done
}

const rowsOf = (rows: Readonly<Record<string, number>>): string =>
  Object.entries(rows)
    .map(([table, count]) => `  ${String(count).padStart(8)} ${table.replaceAll('_', ' ')}`)
    .join('\n')
