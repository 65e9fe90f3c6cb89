/** What a server that others reach demands: tokens, TLS or a named proxy in front of it, and by which names it is called. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { err, ok, type Result } from '../../shared/result.ts'
import type { GuardRules } from './guard.ts'
import { isLoopback } from './guard.ts'
import type { Store } from './store.ts'
import { LOOPBACK, PROXY_HEADERS, trustIn, type ProxyTrust } from './caller-address.ts'
import { hashOfToken } from './token-lookup.ts'

export interface DoorOptions {
  readonly host: string
  /** An administrator's token, from the environment. */
  readonly token?: string | undefined
  /** Nobody has to say who they are, though others reach it. */
  readonly isOpen?: boolean | undefined
  /** Files of a certificate and its key (PEM). */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
  /** The address under which a proxy in front of this server is reached, `https://coord.example`: tokens are demanded on loopback too. */
  readonly proxy?: string | undefined
  /** From where that proxy calls: addresses, or networks; this machine where absent. Nobody else's word on who calls is taken. */
  readonly proxyFrom?: readonly string[] | undefined
  /** The header in which it says who called it; `x-forwarded-for` where absent. */
  readonly proxyHeader?: string | undefined
  /** More names under which the server is called. */
  readonly hostNames?: readonly string[] | undefined
}

export interface DoorError {
  readonly code: 'token-needed' | 'token-weak' | 'tls-unusable' | 'proxy-unusable'
  /** One sentence for a person. */
  readonly message: string
}

export interface Door {
  readonly rules: GuardRules
  readonly isDemanded: boolean
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | null
  /** Null where no proxy was named. */
  readonly proxies: ProxyTrust | null
  /** What a person should know of it. */
  readonly warnings: readonly string[]
}

/** 128 bits in the letters of base64. */
export const SHORTEST_TOKEN = 22

/** Decides it, before anything listens. */
export async function openDoor(options: DoorOptions, store: Store): Promise<Result<Door, DoorError>> {
  const { host, token } = options
  const isReached = !isLoopback(host) || options.proxy !== undefined
  const isDemanded = isReached && options.isOpen !== true
  if (isDemanded && token !== undefined && token.length < SHORTEST_TOKEN)
    return err({
      code: 'token-weak',
      message: `COORD_TOKEN is too short to listen on ${host}: it needs 128 bits, at least ${SHORTEST_TOKEN} characters drawn at random (openssl rand -hex 16)`,
    })
  if (isDemanded && token === undefined && !(await hasTokens(store)))
    return err({
      code: 'token-needed',
      message: `listening on ${host} opens the API to other machines: make a token for each of them first (coord token add MACHINE), or say --no-token`,
    })
  const proxy = options.proxy === undefined ? undefined : URL.parse(options.proxy)
  if (proxy === null || (proxy && !/^https?:$/.test(proxy.protocol)))
    return err({
      code: 'proxy-unusable',
      message: `--proxy names the address of the proxy, https://NAME: ${options.proxy}`,
    })
  const proxies = trustOf(options)
  if (!proxies.ok) return proxies
  const tls = readTls(options.tls)
  if (!tls.ok) return tls
  const names = [
    host,
    ...(isReached ? [hostname()] : []),
    ...(proxy ? [proxy.hostname] : []),
    ...(options.hostNames ?? []),
  ]
  const hostNames = names.map((name) => name.toLowerCase())
  return ok({
    rules: {
      hostNames,
      origins: [...(proxy ? [proxy.origin] : []), ...hostNames.map((name) => `https://${name}`)],
    },
    isDemanded,
    tls: tls.value,
    proxies: proxies.value,
    warnings: [
      ...warningsOf(options, isReached, proxy ?? undefined),
      ...(isDemanded && token !== undefined ? await warnOfToken(store, token) : []),
    ],
  })
}

/** Whose word counts on where a call comes from. */
function trustOf({ proxy, proxyFrom, proxyHeader }: DoorOptions): Result<ProxyTrust | null, DoorError> {
  const refused = (message: string) => err({ code: 'proxy-unusable' as const, message })
  if (proxy === undefined)
    return proxyFrom === undefined && proxyHeader === undefined
      ? ok(null)
      : refused('--proxy-from and --proxy-header go with --proxy: the address by which the proxy is reached')
  const header = PROXY_HEADERS.find((name) => name === (proxyHeader?.toLowerCase() ?? PROXY_HEADERS[0]))
  if (header === undefined)
    return refused(`--proxy-header is ${PROXY_HEADERS.join(' or ')}: ${proxyHeader ?? ''}`)
  const trust = trustIn(proxyFrom ?? LOOPBACK, header)
  return trust.ok
    ? trust
    : refused(
        `--proxy-from takes addresses and networks (192.0.2.7, 10.0.0.0/8): "${trust.error}" is neither`,
      )
}

/** A machine's token as the environment's: most likely the one that this workstation itself uses elsewhere. */
async function warnOfToken(store: Store, token: string): Promise<string[]> {
  const found = await store.access.find(hashOfToken(token))
  if (!found.ok || found.value === undefined) return []
  const { machine, isAdmin, isRevoked } = found.value
  if (isAdmin && !isRevoked) return []
  const what = isRevoked ? 'was revoked: it lets nobody in' : `acts as ${machine}/… only`
  return [
    `COORD_TOKEN is ${machine}'s token, and ${what}. For an administrator draw another one (openssl rand -hex 16), or make one: coord token add --admin NAME`,
  ]
}

/** A database that is away at this moment may have some: then they are demanded. */
async function hasTokens(store: Store): Promise<boolean> {
  const found = await store.access.list()
  return !found.ok || found.value.some((token) => token.revoked_at === null)
}

function readTls(files: DoorOptions['tls']): Result<Door['tls'], DoorError> {
  if (!files) return ok(null)
  try {
    return ok({ cert: readFileSync(files.cert), key: readFileSync(files.key) })
  } catch (problem) {
    return err({ code: 'tls-unusable', message: `the certificate cannot be read: ${String(problem)}` })
  }
}

function warningsOf(options: DoorOptions, isReached: boolean, proxy: URL | undefined): string[] {
  if (!isReached) return []
  const isClear = options.tls === undefined && proxy?.protocol !== 'https:'
  return [
    ...(isClear
      ? [
          'no TLS: tokens and messages go over the network in the clear (--tls-cert and --tls-key, or --proxy https://NAME)',
        ]
      : []),
    ...(proxy && options.proxyFrom === undefined && !isLoopback(options.host)
      ? [
          'a proxy on another machine is one address to the limits of all who call through it: name it (--proxy-from ADDRESS)',
        ]
      : []),
    ...(options.isOpen === true ? ['no tokens: whoever reaches this address may act as anybody'] : []),
  ]
}
