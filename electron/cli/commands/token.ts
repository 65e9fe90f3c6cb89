/** `coord token`: who may reach a server that others share. It works on the database, where the server runs. */
import { randomBytes } from 'node:crypto'
import { machineFault } from '../names.ts'
import type { Store, StoreFault } from '../../api/store.ts'
import type { Result } from '../../../shared/result.ts'
import { toMachineKey } from '../../../shared/session.ts'
import type { Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { ago } from '../lists.ts'
import { hint, isVerbose, result } from '../output.ts'
import { confirm } from '../terminal/confirm.ts'
import { table } from '../terminal/table.ts'
import { oneLine } from '../terminal/text.ts'
import { databaseOf } from './database-choice.ts'

export interface TokenFlags {
  readonly database?: string
  readonly admin?: boolean
  readonly yes?: boolean
}

/** 192 bits, in letters that need no quoting. */
const TOKEN_BYTES = 24

async function withStore<T>(
  context: Context,
  flags: TokenFlags,
  work: (store: Store) => Promise<Result<T, StoreFault>>,
): Promise<T> {
  process.umask(0o077)
  const { openStore } = await import('../../api/open-store.ts')
  const choice = databaseOf(context, flags.database)
  const store = await openStore(choice, (line) => (isVerbose() ? hint(`coord: ${line}`) : undefined))
  if (!store.ok) throw failure(store.error.message)
  try {
    const done = await work(store.value)
    if (!done.ok) throw failure(faultWords(done.error))
    return done.value
  } finally {
    await store.value.close()
  }
}

const faultWords = ({ code, message }: StoreFault): string =>
  code === 'full'
    ? 'no space is left for the database: make room, and run this again'
    : `the database cannot be used: ${message}`

function checkName(machine: string): void {
  const fault = machineFault(machine)
  if (fault !== null) throw usage(`that is no name of a machine: ${machine} (${fault})`)
}

/** Makes a token for a machine and shows it once: only its hash is kept. */
export async function addToken(context: Context, machine: string, flags: TokenFlags): Promise<ExitCode> {
  checkName(machine)
  const { hashOfToken } = await import('../../api/token-lookup.ts')
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const isAdmin = flags.admin === true
  await withStore(context, flags, (store) =>
    store.access.add({ machine, isAdmin, hash: hashOfToken(token) }, Date.now()),
  )
  hint(
    isAdmin
      ? 'coord: an administrator: may act in the name of every session. Shown once; only its hash is kept.'
      : `coord: shown once; only its hash is kept. On ${machine}: coord join URL`,
  )
  await result({ machine, token }, token)
  return EXIT.done
}

/** Lists whose tokens there are, without the tokens. */
export async function listTokens(context: Context, flags: TokenFlags): Promise<ExitCode> {
  const rows = await withStore(context, flags, (store) => store.access.list())
  const shown = rows.map(({ machine, isAdmin, created_at, revoked_at }) => ({
    machine,
    admin: isAdmin,
    created_at,
    revoked_at,
  }))
  await result(shown, () =>
    shown.length === 0
      ? 'No tokens.'
      : table<(typeof shown)[number]>(
          [
            { heading: 'MACHINE', cell: (row) => row.machine, cut: 'middle' },
            { heading: 'MAY', cell: (row) => (row.admin ? 'everything' : `${row.machine}/*`), cut: 'middle' },
            { heading: 'MADE', cell: (row) => ago(row.created_at) },
            {
              heading: 'REVOKED',
              cell: (row) => ago(row.revoked_at),
              style: (row) => (row.revoked_at === null ? undefined : 'yellow'),
            },
          ],
          shown,
        ),
  )
  return EXIT.done
}

/** Revokes all tokens of a machine; servers stop taking them within a second. */
export async function revokeTokens(context: Context, machine: string, flags: TokenFlags): Promise<ExitCode> {
  checkName(machine)
  const none = failure(`${machine} has no token that is good`)
  const tokens = await withStore(context, flags, (store) => store.access.list())
  const isGood = (row: (typeof tokens)[number]): boolean =>
    row.revoked_at === null && toMachineKey(row.machine) === toMachineKey(machine)
  if (!tokens.some(isGood)) throw none
  await confirm(`Revoke all tokens of ${oneLine(machine)}? Its sessions are refused from then on.`, flags)
  const revoked = await withStore(context, flags, (store) => store.access.revoke(machine, Date.now()))
  if (revoked === 0) throw none
  await result({ machine, revoked }, `Revoked: ${revoked} of ${machine}`)
  return EXIT.done
}
