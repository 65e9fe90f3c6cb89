/** Where a call may come from: programs, never a page in a browser. Who calls is another question: `access.ts`. */
import { isIP } from 'node:net'
import { refuse } from './answers.ts'
import type { Answer } from './store.ts'

/** What a request says about where it comes from. */
export interface Origin {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly site: string | undefined
  /** The address of this end of the connection. */
  readonly localAddress: string | undefined
}

export interface GuardRules {
  /** Names under which this server may be called beside loopback, without port, lower case. */
  readonly hostNames: readonly string[]
  /** Addresses under which a browser shows this server's own page, beside `http://HOST`: TLS, a proxy. */
  readonly origins?: readonly string[]
}

const bare = (address: string): string => address.replace(/^\[|\]$/g, '').replace(/^::ffff:/i, '')

/** Whether an address or name can only mean this machine. */
export function isLoopback(host: string): boolean {
  const name = bare(host.toLowerCase())
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/** The name in a Host header, without its port; undefined where it is no host. */
function hostOf(header: string | undefined): string | undefined {
  return /^(\[[0-9a-f:.]+\]|[^:/?#@[\]\s]+)(?::\d{1,5})?$/i.exec(header ?? '')?.[1]?.toLowerCase()
}

/** Why a request is refused, or undefined where it may pass. */
export function guard(from: Origin, rules: GuardRules): Answer | undefined {
  const host = hostOf(from.host)
  // A name in `Host` that is not ours is a page whose name was pointed at this machine (DNS rebinding).
  const isOurs =
    host !== undefined &&
    (isLoopback(host) ||
      rules.hostNames.includes(host) ||
      (from.localAddress !== undefined && isIP(bare(host)) > 0 && bare(host) === bare(from.localAddress)))
  if (!isOurs)
    return refuse(403, 'Host: not a name of this server (coord serve --host-name NAME gives it more)')
  const own = [`http://${from.host?.toLowerCase()}`, ...(rules.origins ?? [])]
  if (from.origin !== undefined && !own.includes(from.origin.toLowerCase()))
    return refuse(403, 'Origin: pages of other sites are refused')
  if (from.site !== undefined && from.site !== 'none' && from.site !== 'same-origin')
    return refuse(403, 'Sec-Fetch-Site: pages of other sites are refused')
  return undefined
}
