/** A machine on which nothing serves the API is told apart from one on which something does not answer. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendCall } from '../adapters/queue-append.ts'
import { place, type Place } from './testing/coord.ts'

const ADVICE = 'Nothing serves the API on this machine'
/** Each begins with a look at the API of this machine. */
const COMMANDS = [
  ['status'],
  ['flush', '--wait', '0'],
  ['locks', '--all'],
  ['messages'],
  ['claim', 'a', '--project', 'p'],
]

let at: Place
const sockets = new Set<Socket>()
let listener: Server | undefined
beforeEach(() => {
  at = place()
  appendCall(at.project, { method: 'DELETE', path: '/api/coord/locks/1?session_id=BOX%2Fx' })
})
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  listener?.close()
  listener = undefined
  at.remove()
})

describe('the advice to start a server', () => {
  it.each(COMMANDS)('is given where nothing listens: %s', async (...command) => {
    expect((await at.coord(command)).stderr).toContain(ADVICE)
  })
  it('is not given where a program listens and hangs', async () => {
    const hanging = createServer((socket) => sockets.add(socket.on('error', () => undefined)))
    listener = hanging
    await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve))
    at.env['COORD_PORT'] = String((hanging.address() as AddressInfo).port)
    // side by side: each waits for as long as it may
    const ran = await Promise.all(COMMANDS.map((command) => at.coord(command)))
    for (const { stderr } of ran) {
      expect(stderr).not.toBe('')
      expect(stderr).not.toContain(ADVICE)
    }
  })
})
