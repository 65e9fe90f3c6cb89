/** From where a call comes: the connection's other end, or what a proxy that a person named says of it. */
import { BlockList, isIP } from 'node:net'
import { err, ok, type Result } from '../../shared/result.ts'

/** The headers in which proxies say who calls. One server believes one: a proxy that writes one hands a caller's other on as it came. */
export const PROXY_HEADERS = ['x-forwarded-for', 'forwarded'] as const
export type ProxyHeader = (typeof PROXY_HEADERS)[number]

/** The proxies that are believed, and where they say it. */
export interface ProxyTrust {
  readonly header: ProxyHeader
  /** Whether an address is a proxy's that was named. */
  isProxy(address: string): boolean
}

/** A proxy on this machine. */
export const LOOPBACK = ['127.0.0.0/8', '::1']

const V6_GROUPS = 8
/** One customer of a network has as many addresses as these groups leave. */
const V6_NETWORK_GROUPS = 4
const MOST_BITS = { ipv4: 32, ipv6: 128 } as const

/** The trust in proxies at `addresses`: addresses, or networks (`10.0.0.0/8`). The error is the one that is neither. */
export function trustIn(addresses: readonly string[], header: ProxyHeader): Result<ProxyTrust, string> {
  const named = new BlockList()
  for (const entry of addresses) {
    const [address = '', bits, ...more] = entry.split('/')
    const family = familyOf(address)
    const isNetwork = bits !== undefined
    if (!family || more.length > 0 || (isNetwork && !/^\d{1,3}$/.test(bits))) return err(entry)
    if (isNetwork && Number(bits) > MOST_BITS[family]) return err(entry)
    if (isNetwork) named.addSubnet(address, Number(bits), family)
    else named.addAddress(address, family)
  }
  return ok({
    header,
    isProxy(address) {
      const family = familyOf(address)
      return family !== undefined && named.check(address, family)
    },
  })
}

/**
 * The address of whoever calls. `remote`: the other end of the connection. Where that is a proxy's, the last entry of its header is
 * the address that called it, and so on until one that is no proxy's: what lies before it, the caller may have written itself.
 */
export function callerAddress(
  remote: string | undefined,
  headerOf: (name: ProxyHeader) => string | undefined,
  trust: ProxyTrust | null,
): string {
  let address = plain(remote ?? '')
  if (!trust?.isProxy(address)) return address
  const hops = hopsOf(trust.header, headerOf(trust.header) ?? '')
  while (trust.isProxy(address)) {
    const before = hops.pop()
    if (before === undefined) return address
    address = before
  }
  return address
}

/** The hops that a header names, the last one last. What is no address cuts off all before it: nobody knows who wrote those. */
function hopsOf(header: ProxyHeader, value: string): string[] {
  const entries = header === 'forwarded' ? value.split(',').map(forOf) : value.split(',')
  const hops = entries.map((entry) => plain(withoutPort(entry.trim())))
  return hops.slice(hops.findLastIndex((hop) => isIP(hop) === 0) + 1)
}

/** The `for=` of one entry of `Forwarded` (RFC 7239). An entry with a quote that a comma cut is none. */
function forOf(entry: string): string {
  const pair = entry.split(';').find((part) => /^\s*for=/i.test(part)) ?? ''
  const value = pair.slice(pair.indexOf('=') + 1).trim()
  return /^"[^"\\]*"$/.test(value) ? value.slice(1, -1) : value
}

/** `[2001:db8::1]:4711`, `[2001:db8::1]`, `192.0.2.1:4711`. */
const withoutPort = (text: string): string =>
  /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text

/** Without the zone of an interface, and an IPv4 address as one. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address)
  if (version === 0) return undefined
  return version === 6 ? 'ipv6' : 'ipv4'
}

/** What limits count: an IPv4 address as it is, an IPv6 address as its network of 64 bits. */
export function networkOf(address: string): string {
  const bare = plain(address)
  if (isIP(bare) !== 6) return bare
  const [head = '', tail] = bare.toLowerCase().split('::')
  const before = head.split(':').filter((group) => group !== '')
  const after = (tail ?? '').split(':').filter((group) => group !== '')
  const groups =
    tail === undefined
      ? before
      : [...before, ...Array.from({ length: V6_GROUPS - before.length - after.length }, () => '0'), ...after]
  return `${groups
    .slice(0, V6_NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
