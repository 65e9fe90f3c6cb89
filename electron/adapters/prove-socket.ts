/**
 * A TCP connection to a server of this machine that proves itself before anything else goes over it. Proof once, at the
 * start, would not do: when the true server ends, anybody may take its port, and the next connection would lead there.
 */
import { connect, type Socket } from 'node:net'
import { CHALLENGE_HEADER } from '../../shared/extensions.ts'
import { readJson } from '../../shared/json.ts'
import { isSameProof, newNonce, readHomeKey, serverProof } from './home-key.ts'

/** The `code` of the error where what answers cannot prove itself. */
export const UNPROVEN = 'COORD_UNPROVEN'
const LONGEST_ANSWER = 65_536

/** Where nobody configured an address: who must prove to be this user's server. */
export interface ProofWanted {
  /** The `COORD_HOME` whose key proves it; read anew for each connection. */
  readonly home: string
}

export const unprovenWords = (port: number | string): string =>
  `Port ${port} of this machine is held by a program that cannot prove to be your own coordination API. Set COORD_PORT to a free port, or end that program`

/** Rejects with the platform's error where nobody answers, and with `UNPROVEN` where somebody else does. */
export async function connectProven(
  at: { readonly host: string; readonly port: number; readonly timeoutMs: number },
  { home }: ProofWanted,
): Promise<Socket> {
  const socket = await connected(at)
  const nonce = newNonce()
  const address = `http://${at.host}:${at.port}`
  try {
    socket.write(
      `GET /health HTTP/1.1\r\nHost: ${at.host}:${at.port}\r\nAccept: application/json\r\n${CHALLENGE_HEADER}: ${nonce}\r\n\r\n`,
    )
    const health = readJson(await answerOn(socket, at.timeoutMs))
    const proof =
      typeof health === 'object' && health !== null && 'proof' in health ? health.proof : undefined
    if (!isSameProof(proof, serverProof(readHomeKey(home), nonce, address))) throw unproven(at.port)
    return socket
  } catch (error) {
    socket.destroy()
    throw error
  }
}

const unproven = (port: number): Error => Object.assign(new Error(unprovenWords(port)), { code: UNPROVEN })

function connected(at: { host: string; port: number; timeoutMs: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: at.host, port: at.port })
    socket.setNoDelay(true)
    const limit = setTimeout(
      () => socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
      at.timeoutMs,
    )
    socket.once('connect', () => {
      clearTimeout(limit)
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
    socket.once('close', () => clearTimeout(limit))
  })
}

/** The body of the one answer on a fresh connection, which is left as if nothing had been read. */
function answerOn(socket: Socket, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const limit = setTimeout(
      () => end(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })),
      timeoutMs,
    )
    // 'readable' and not 'data': whoever gets the socket next must find it neither flowing nor paused
    const onReadable = (): void => {
      for (let chunk = socket.read() as Buffer | null; chunk !== null; chunk = socket.read() as Buffer | null)
        text += chunk.toString('latin1')
      const whole = wholeBody(text)
      if (whole === 'more' && text.length <= LONGEST_ANSWER) return
      if (whole === 'more' || whole === undefined) end(unproven(socket.remotePort ?? 0))
      else end(null, Buffer.from(whole.body, 'latin1').toString('utf8'))
    }
    const onClose = (): void => end(unproven(socket.remotePort ?? 0))
    const onError = (error: Error): void => end(error)
    function end(error: Error | null, body = ''): void {
      clearTimeout(limit)
      socket.off('readable', onReadable).off('close', onClose).off('error', onError)
      // a turn later, when the stream has noticed that nobody reads any more
      setImmediate(() => (error ? reject(error) : resolve(body)))
    }
    socket.on('readable', onReadable).on('close', onClose).on('error', onError)
  })
}

/** The body where the answer is whole and nothing follows it; undefined where it is none that our server gives. */
function wholeBody(text: string): { readonly body: string } | 'more' | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return 'more'
  const head = text.slice(0, end)
  const length = /^content-length:\s*(\d{1,6})\s*$/im.exec(head)?.[1]
  if (!/^HTTP\/1\.1 200 /.test(head) || length === undefined || /^connection:\s*close/im.test(head))
    return undefined
  const body = text.slice(end + 4)
  if (body.length < Number(length)) return 'more'
  return body.length === Number(length) ? { body } : undefined
}
