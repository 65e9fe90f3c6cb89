/** From where a call comes, as limits count it. */
import { isIP } from 'node:net'
import { isLoopback } from './guard.ts'

const V6_GROUPS = 8
/** One customer of a network has as many addresses as these groups leave. */
const V6_NETWORK_GROUPS = 4

/**
 * The address that a call is counted by. `remote`: the other end of the connection. `forwardedFor`: `X-Forwarded-For`, believed
 * where a proxy was named and the call comes from this machine: the last entry is the one that the proxy itself wrote.
 */
export function countedAddress(
  remote: string | undefined,
  forwardedFor: string | undefined,
  hasProxy: boolean,
): string {
  const last =
    hasProxy && remote !== undefined && isLoopback(remote) ? forwardedFor?.split(',').at(-1) : undefined
  const named = last?.trim() ?? ''
  return networkOf(isIP(named) > 0 ? named : (remote ?? ''))
}

/** An IPv4 address as it is, an IPv6 address as its network of 64 bits. */
export function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
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
