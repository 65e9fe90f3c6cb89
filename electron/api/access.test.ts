/** Who is let in, how often, and what that costs the database: with a clock of the test's own, on a real store. */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAccess, type Access } from './access.ts'
import {
  callerAddress,
  LOOPBACK,
  networkOf,
  PROXY_HEADERS,
  trustIn,
  type ProxyHeader,
  type ProxyTrust,
} from './caller-address.ts'
import type { Store } from './store.ts'
import { tempFolder } from './testing/server.ts'
import { openTestStore } from './testing/store.ts'
import { hashOfToken } from './token-lookup.ts'

const GOOD = 'g'.repeat(32)
const OTHER = 'o'.repeat(32)
const HERE = '203.0.113.1'
const CALLER = { machine: 'M', isAdmin: false }
let now = 0
let folder: Awaited<ReturnType<typeof tempFolder>>
let store: Store
let access: Access
/** How often the database was asked whose a token is. */
let looks = 0

beforeEach(async () => {
  now = 0
  looks = 0
  folder = await tempFolder()
  store = await openTestStore(join(folder.path, 'coord.db'))
  await store.access.add({ ...CALLER, hash: hashOfToken(GOOD) }, 1)
  await store.access.add({ machine: 'O', isAdmin: false, hash: hashOfToken(OTHER) }, 1)
  access = serve()
})
afterEach(async () => {
  await store.close()
  await folder.remove()
})

function serve(token: string | null = null): Access {
  const { access: rows } = store
  const counted = {
    access: {
      ...rows,
      find: (hash: string) => {
        looks++
        return rows.find(hash)
      },
    },
  }
  return createAccess(counted, { token, isDemanded: true, now: () => now })
}
const statusOf = async (token: string, address = HERE): Promise<number> => {
  const caller = await access.callerOf(`Bearer ${token}`, address)
  return caller.ok ? 200 : caller.error.status
}
async function guess(times: number, address = HERE): Promise<number[]> {
  const statuses: number[] = []
  for (let n = 0; n < times; n++)
    statuses.push(await statusOf(`guess ${n} at ${now}`.replace(/ /g, '-'), address))
  return statuses
}

test('a good token is looked up once a second, one that is none once in half a minute, however often and at once they come', async () => {
  for (const [token, status, keptMs] of [
    [GOOD, 200, 1_000],
    ['none', 401, 30_000],
  ] as const) {
    looks = 0
    await Promise.all(Array.from({ length: 50 }, () => statusOf(token)))
    now += keptMs - 1
    expect(await statusOf(token)).toBe(status)
    expect(looks).toBe(1)
    now += 1
    expect(await statusOf(token)).toBe(status)
    expect(looks).toBe(2)
  }
})

test('a revoked token is refused within a second and then costs nothing', async () => {
  expect(await statusOf(GOOD)).toBe(200)
  await store.access.revoke('M', 2)
  now += 1_000
  looks = 0
  for (let n = 0; n < 20; n++) expect(await statusOf(GOOD)).toBe(401)
  expect(looks).toBe(1)
})

test('thirty guesses at once, then one a second, of one address alone; a token that was good there stays good', async () => {
  expect(await statusOf(GOOD)).toBe(200)
  const statuses = await guess(40)
  expect(statuses).toEqual([
    ...Array.from({ length: 30 }, () => 401),
    ...Array.from({ length: 10 }, () => 429),
  ])
  expect(looks).toBe(31)
  now += 5_000
  expect(await statusOf(GOOD)).toBe(200)
  expect((await guess(10)).filter((status) => status === 401)).toHaveLength(5)
  expect(await statusOf(OTHER, '203.0.113.2')).toBe(200)
  // Good tokens cost their address nothing.
  now = 1e9
  for (let n = 0; n < 100; n++) {
    now += 1
    expect(await statusOf(n % 2 === 0 ? GOOD : OTHER)).toBe(200)
  }
  expect((await guess(30)).every((status) => status === 401)).toBe(true)
})

test('how many tokens and addresses are remembered is bounded: the oldest make room, the good ones stay', async () => {
  expect(await statusOf(GOOD)).toBe(200)
  expect((await guess(31)).at(-1)).toBe(429)
  for (let n = 0; n < 10_001; n++) expect(await statusOf(`other-${n}`, `10.0.${n >> 8}.${n & 255}`)).toBe(401)
  looks = 0
  expect(await statusOf('guess-0-at-0')).toBe(401)
  expect(await statusOf('guess-30-at-0')).toBe(401)
  expect(looks).toBe(2)
  expect(await statusOf(GOOD)).toBe(200)
  expect(looks).toBe(2)
})

test('with the database away a token is neither good nor bad, and costs no guess; an administrator’s still gets in', async () => {
  access = serve('e'.repeat(32))
  expect(await statusOf('e'.repeat(32))).toBe(200)
  await store.close()
  now += 60_000
  expect(await statusOf(GOOD)).toBe(503)
  expect((await guess(40)).every((status) => status === 503)).toBe(true)
  const admin = await access.callerOf(`Bearer ${'e'.repeat(32)}`, HERE)
  expect(admin).toEqual({ ok: true, value: { machine: 'operator', isAdmin: true } })
})

test('reads and writes of a token have buckets of their own, which time fills again; no other token, and nobody, is counted in them', () => {
  const spend = (use: 'reads' | 'writes', most: number): number => {
    for (let n = 0; n < most; n++) if (access.slowDown(CALLER, use)) return n
    return most
  }
  expect(spend('reads', 9_999)).toBe(2_000)
  expect(spend('writes', 9_999)).toBe(200)
  const refused = access.slowDown({ ...CALLER, machine: 'm' }, 'reads')
  expect(refused).toMatchObject({ status: 429, headers: { 'Retry-After': '1' } })
  expect(access.slowDown({ machine: 'O', isAdmin: false }, 'reads')).toBeUndefined()
  expect(access.slowDown({ ...CALLER, isAdmin: true }, 'reads')).toBeUndefined()
  expect(access.slowDown(null, 'reads')).toBeUndefined()
  now += 1_000
  expect(spend('reads', 9_999)).toBe(200)
  expect(spend('writes', 9_999)).toBe(50)
  now += 3_600_000
  expect(spend('reads', 9_999)).toBe(2_000)
})

const trusting = (from: readonly string[], header: ProxyHeader = 'x-forwarded-for'): ProxyTrust => {
  const trust = trustIn(from, header)
  if (!trust.ok) throw new Error(trust.error)
  return trust.value
}
const callerSaying = (remote: string | undefined, value: string | undefined, trust: ProxyTrust | null) =>
  callerAddress(remote, (name) => (name === trust?.header ? value : '192.0.2.99'), trust)

test('a caller has the address of its connection; a named proxy alone is asked who called it, and its own proxies before it', () => {
  const local = trusting(LOOPBACK)
  const chain = trusting(['192.0.2.1', '10.0.0.0/8', '2001:db8:f::/48'])
  for (const [remote, said, trust, caller] of [
    ['203.0.113.1', undefined, null, '203.0.113.1'],
    ['203.0.113.1', '198.51.100.7', local, '203.0.113.1'],
    ['127.0.0.1', '198.51.100.7', null, '127.0.0.1'],
    ['127.0.0.1', 'forged, 198.51.100.7', local, '198.51.100.7'],
    ['::ffff:127.0.0.1', ' 198.51.100.7 ', local, '198.51.100.7'],
    ['127.0.0.1', '198.51.100.7', chain, '127.0.0.1'],
    ['192.0.2.1', '1.1.1.1, 198.51.100.7', chain, '198.51.100.7'],
    ['192.0.2.1', '1.1.1.1, 198.51.100.7, 10.1.2.3, 2001:db8:f::9', chain, '198.51.100.7'],
    ['192.0.2.1', '[2001:db8::1]:4711, 10.1.2.3:80', chain, '2001:db8::1'],
    ['192.0.2.1', '10.0.0.1, 10.0.0.2', chain, '10.0.0.1'],
    ['192.0.2.1', '198.51.100.7, unknown, 10.0.0.2', chain, '10.0.0.2'],
    ['2001:db8:f::1', '198.51.100.7', chain, '198.51.100.7'],
  ] as const)
    expect([said, callerSaying(remote, said, trust)]).toEqual([said, caller])
  for (const nonsense of [undefined, '', 'nonsense', '198.51.100.7, ', '256.1.1.1'])
    expect(callerSaying('127.0.0.1', nonsense, local)).toBe('127.0.0.1')
  expect(callerSaying(undefined, undefined, local)).toBe('')
})

test('a proxy that writes Forwarded is read by its form, and its X-Forwarded-For, which callers write, is not', () => {
  const trust = trusting(LOOPBACK, 'forwarded')
  for (const [said, caller] of [
    ['for=198.51.100.7', '198.51.100.7'],
    ['for=1.1.1.1, proto=https;For="198.51.100.7:4711";by=_x', '198.51.100.7'],
    ['for="[2001:db8::1]:80"', '2001:db8::1'],
    ['for="1.1.1.1, for=198.51.100.7', '198.51.100.7'],
    ['for=198.51.100.7, for=unknown', '127.0.0.1'],
    ['198.51.100.7', '127.0.0.1'],
  ] as const)
    expect([said, callerSaying('127.0.0.1', said, trust)]).toEqual([said, caller])
})

test('whatever a caller writes itself, through a proxy or not, its address stays the same', () => {
  const octet = fc.integer({ min: 0, max: 255 })
  const address = fc.oneof(
    fc.tuple(octet, octet, octet).map(([a, b, c]) => `203.${a}.${b}.${c}`),
    fc.ipV6(),
  )
  const forged = fc.oneof(
    fc
      .array(fc.oneof(address, fc.constantFrom('127.0.0.1', '10.1.1.1', '::1', 'unknown', '', '"')))
      .map((hops) => hops.join(', ')),
    fc.array(address).map((hops) => hops.map((hop) => `for="[${hop}]"`).join(', ')),
    fc.string(),
  )
  fc.assert(
    fc.property(
      address,
      forged,
      fc.constantFrom(...PROXY_HEADERS),
      fc.boolean(),
      (caller, lie, header, isV4) => {
        const trust = trusting(['127.0.0.1', '::1', '10.0.0.0/8'], header)
        fc.pre(!trust.isProxy(callerAddress(caller, () => undefined, null)))
        const bare = networkOf(caller)
        // Straight to the server: no header counts.
        expect(networkOf(callerAddress(caller, () => lie, trust))).toBe(bare)
        // Through a proxy, and through a second one, each of which appends who called it to what it got.
        const entry = (hop: string): string => {
          const text = hop.includes(':') ? `[${hop}]` : hop
          return header === 'forwarded' ? `for="${text}";proto=https` : hop
        }
        const once = `${lie}, ${entry(caller)}`
        const proxy = isV4 ? '127.0.0.1' : '::1'
        expect(networkOf(callerAddress(proxy, (name) => (name === header ? once : lie), trust))).toBe(bare)
        const twice = `${once}, ${entry('10.2.3.4')}`
        expect(networkOf(callerAddress(proxy, (name) => (name === header ? twice : lie), trust))).toBe(bare)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('what is neither an address nor a network is no proxy, and is named', () => {
  for (const wrong of ['', 'proxy.example', '10.0.0.0/33', '10.0.0.0/', '::1/129', '10.0.0.0/8/8', '1.2.3'])
    expect(trustIn(['127.0.0.1', wrong], 'forwarded')).toEqual({ ok: false, error: wrong })
})

test('an address of IPv6 counts as its network: who has one has all of it', () => {
  for (const address of [
    '2001:db8:1:2::1',
    '2001:DB8:1:2:3:4:5:6',
    '2001:db8:1:2:ffff::',
    '2001:0db8:0001:0002::9%eth0',
  ])
    expect([address, networkOf(address)]).toEqual([address, '2001:db8:1:2::/64'])
  expect(networkOf('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64')
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
  expect(networkOf('::ffff:203.0.113.1')).toBe('203.0.113.1')
})
