/** One-time codes, and whose connection it is. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { createOpenCodes, uidOfPeer } from './open-codes.ts'

it('a code opens once, and within its minute', () => {
  let now = 0
  const codes = createOpenCodes(() => now)
  const [first, second] = [codes.create(), codes.create()]
  expect(first).not.toBe(second)
  expect([codes.take(first), codes.take(first), codes.take('another')]).toEqual([true, false, false])
  now = 60_001
  expect(codes.take(second)).toBe(false)
})

it.runIf(process.platform === 'linux')('the kernel says whose connection it is', async () => {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  await once(client, 'connect')
  expect(uidOfPeer(client.localPort ?? 0, port)).toBe(process.getuid?.())
  expect(uidOfPeer(1, port)).toBeUndefined()
  expect(uidOfPeer(client.localPort ?? 0, port, '/no/such/table')).toBeUndefined()
  client.destroy()
  server.close()
})
