/** `mariadb://USER[:PASSWORD]@HOST[:PORT][,HOST…]/DATABASE[?socket=PATH&tls=on|CA-FILE&pool=N]`, taken apart. */
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { err, ok, type Result } from '../../../shared/result.ts'

export interface DatabaseAddress {
  /** Tried in this order: the first that answers is used. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  /** A local socket, instead of the hosts. */
  readonly socketPath: string | undefined
  readonly user: string
  readonly password: string | undefined
  readonly database: string
  /** null = in the clear. */
  readonly tls: { readonly ca: string | undefined } | null
  /** How many connections at most. */
  readonly pool: number
  /** For people and logs: without the password. */
  readonly name: string
}

const SHAPE = /^(?:mariadb|mysql):\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?]*)\/([^/?]+)(?:\?(.*))?$/i
const POOL = 16
const MOST_POOL = 256
const PORT = 3306

/** Takes an address apart; a sentence where it is none. `password` counts where the address has none. */
export function parseAddress(text: string, password: string | undefined): Result<DatabaseAddress, string> {
  const parts = SHAPE.exec(text)
  if (!parts)
    return err(
      'a database server is named as mariadb://USER@HOST/DATABASE, or mariadb://USER@/DATABASE?socket=PATH; a password is best in COORD_DATABASE_PASSWORD (in the address its @ is %40, its / is %2F)',
    )
  const [, user = '', given, hosts = '', database = '', query = ''] = parts
  try {
    const options = new URLSearchParams(query)
    const pool = Number(options.get('pool') ?? POOL)
    if (!Number.isInteger(pool) || pool < 1 || pool > MOST_POOL) return err(`pool must be 1 to ${MOST_POOL}`)
    const socketPath = options.get('socket') ?? undefined
    const named = hosts.split(',').filter((host) => host !== '')
    if (socketPath === undefined && named.length === 0) return err('the address names no host and no socket')
    const tls = options.get('tls') === 'off' ? null : options.get('tls')
    const places = named.map(toHost)
    // The driver compares a certificate with a name only.
    if (tls !== null && socketPath === undefined && places.some(({ host }) => isIP(host) > 0))
      return err('tls checks the name of the host: name it in the address, not its number')
    return ok({
      hosts: places,
      socketPath,
      user: decodeURIComponent(user),
      password: given === undefined ? password : decodeURIComponent(given),
      database: decodeURIComponent(database),
      tls: tls === null ? null : { ca: tls === 'on' ? undefined : readFileSync(tls, 'utf8') },
      pool,
      name: `mariadb://${user}@${socketPath ?? hosts}/${database}`,
    })
  } catch (problem) {
    return err(problem instanceof Error ? problem.message : String(problem))
  }
}

function toHost(text: string): { host: string; port: number } {
  const [, host = text, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(text) ?? []
  return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? PORT : Number(port) }
}
