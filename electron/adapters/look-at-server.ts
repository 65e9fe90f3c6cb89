/** Who answers on a port of this machine: a server of the same user, which proves it, or another program. */
import { request, type IncomingMessage } from 'node:http'
import { CHALLENGE_HEADER } from '../../shared/extensions.ts'
import { readJson } from '../../shared/json.ts'
import { healthAnswer, type HealthAnswer } from '../../shared/wire.ts'
import { isSameProof, newNonce, serverProof } from './home-key.ts'

const TIMEOUT_MS = 1_500
const LONGEST_ANSWER = 65_536

export type Look =
  /** It proved that it has the key of this `COORD_HOME`; what it says of itself. */
  | { readonly kind: 'ours'; readonly health: HealthAnswer }
  /** Nothing listens there. */
  | { readonly kind: 'nobody' }
  /** Another program, a server of another user or of an older build: nothing may be sent to it. */
  | { readonly kind: 'other' }

/**
 * Challenges what answers at `url`. The proof is over the address that this end of the connection sees, so that no
 * program can pass the challenge on to the true server at another port. `key` is that of `readHomeKey`.
 */
export function lookAtServer(url: string, key: string, timeoutMs: number = TIMEOUT_MS): Promise<Look> {
  const nonce = newNonce()
  return new Promise((resolve) => {
    const options = { agent: false, timeout: timeoutMs, headers: { [CHALLENGE_HEADER]: nonce } } as const
    const req = request(`${url}/health`, options, (res) => {
      const baseUrl = addressOf(res)
      let text = ''
      res.setEncoding('utf8')
      res.on('data', (part: string) => {
        text += part
        if (text.length > LONGEST_ANSWER) res.destroy()
      })
      res.on('error', () => undefined)
      res.on('close', () => {
        const health = healthAnswer.safeParse(readJson(text))
        const isOurs = health.success && isSameProof(health.data.proof, serverProof(key, nonce, baseUrl))
        resolve(isOurs ? { kind: 'ours', health: health.data } : { kind: 'other' })
      })
    })
    const limit = setTimeout(() => req.destroy(new Error('timeout')), timeoutMs)
    req.on('close', () => clearTimeout(limit))
    req.on('timeout', () => req.destroy(new Error('timeout')))
    req.on('error', (cause: NodeJS.ErrnoException) =>
      resolve({ kind: cause.code === 'ECONNREFUSED' ? 'nobody' : 'other' }),
    )
    req.end()
  })
}

function addressOf(answer: IncomingMessage): string {
  const { remoteAddress = '', remotePort = 0 } = answer.socket
  const address = remoteAddress.replace(/^::ffff:/i, '')
  return `http://${address.includes(':') ? `[${address}]` : address}:${remotePort}`
}
