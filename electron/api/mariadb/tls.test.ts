/** TLS to MariaDB: the certificate must be that of the host that was named, whoever signed it. */
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openStore } from '../open-store.ts'
import { NO_MARIADB, startMariaDb } from '../testing/mariadb.ts'
import { tempFolder } from '../testing/server.ts'
import { parseAddress } from './address.ts'

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((go) => server.listen(0, '127.0.0.1', go))
  const { port } = server.address() as AddressInfo
  await new Promise((go) => server.close(go))
  return port
}

/** A certificate that is its own authority, for one name. */
function certify(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const of = ['-keyout', key, '-out', cert, '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const made = spawnSync('openssl', ['req', '-x509', ...kind, ...of], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(made.stderr)
  for (const file of [cert, key]) chmodSync(file, 0o644)
  return { cert, key }
}

describe.skipIf(NO_MARIADB !== undefined || !HAS_OPENSSL)('TLS to MariaDB', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>

  beforeAll(async () => {
    folder = await tempFolder()
    chmodSync(folder.path, 0o755)
  })
  afterAll(() => folder.remove())

  test.each([
    ['localhost', true],
    ['elsewhere.example', false],
  ])('a server at localhost with the certificate of %s is used: %s', async (name, isUsed) => {
    const { cert, key } = certify(folder.path, name)
    const port = await freePort()
    const database = await startMariaDb([
      '--skip-networking=0',
      '--bind-address=127.0.0.1',
      `--port=${port}`,
      `--ssl-cert=${cert}`,
      `--ssl-key=${key}`,
    ])
    try {
      const socket = await database.newDatabase(`&tls=${cert}`)
      const byName = socket.replace(/@\/(\w+)\?.*/, `@localhost:${port}/$1?tls=${cert}`)
      // A local socket has no name that could be another's.
      for (const [address, isGood] of [
        [socket, true],
        [byName, isUsed],
      ] as const) {
        const opened = await openStore({ database: address }, () => undefined)
        if (!opened.ok) throw new Error(opened.error.message)
        expect((await opened.value.check(Date.now())).ok).toBe(isGood)
        await opened.value.close()
      }
    } finally {
      await database.remove()
    }
  })
})

test('a host with TLS is named, because a certificate is compared with a name', () => {
  expect(parseAddress('mariadb://u@10.0.0.1/d?tls=on', undefined)).toMatchObject({ ok: false })
  expect(parseAddress('mariadb://u@[::1]:3306/d?tls=on', undefined)).toMatchObject({ ok: false })
  expect(parseAddress('mariadb://u@10.0.0.1/d?tls=off', undefined)).toMatchObject({ ok: true })
  expect(parseAddress('mariadb://u@db.example/d?tls=on', undefined)).toMatchObject({ ok: true })
})

test('an address whose password is not written as one gives no part of it away', () => {
  for (const address of [
    'mariadb://u:se@cret@h/d',
    'mariadb://u:se/cret@h/d',
    'mariadb://u:se@cret@/d?socket=/s',
  ]) {
    const parsed = parseAddress(address, undefined)
    expect(parsed).toMatchObject({ ok: false, error: expect.stringContaining('COORD_DATABASE_PASSWORD') })
    expect(JSON.stringify(parsed)).not.toMatch(/cret/)
  }
  expect(parseAddress('mariadb://u:se%40cr%2Fet@h/d', undefined)).toMatchObject({
    ok: true,
    value: { password: 'se@cr/et', name: 'mariadb://u@h/d', hosts: [{ host: 'h' }] },
  })
})
