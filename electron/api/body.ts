/** Reads a request's body: JSON only, of a bounded size. */
import type { IncomingMessage } from 'node:http'
import { err, ok, type Result } from '../../shared/result.ts'
import { overloaded, refuse } from './answers.ts'
import type { Budget } from './connections.ts'
import type { Answer } from './store.ts'

/** A queued line of the outbox has at most this many bytes. */
export const MAX_BODY_BYTES = 1_048_576

export interface Body {
  readonly bytes: Uint8Array
  /** undefined where the body is ignored. */
  readonly json: unknown
}

const tooLarge = (): Answer => refuse(413, `body: at most ${MAX_BODY_BYTES} bytes`)

/** The body's bytes and, unless it is ignored, its JSON value. */
export async function readBody(
  request: IncomingMessage,
  use: 'json' | 'ignored',
  budget: Budget,
): Promise<Result<Body, Answer>> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return err(tooLarge())
  const bytes = await readBytes(request, budget)
  if (!bytes.ok) return bytes
  if (use === 'ignored') return ok({ bytes: bytes.value, json: undefined })
  if (bytes.value.length > 0 && !isJson(request.headers['content-type']))
    return err(refuse(415, 'Content-Type: must be application/json'))
  try {
    return ok({
      bytes: bytes.value,
      // An absent body has no fields: the answer then names the first that is missing.
      json:
        bytes.value.length === 0
          ? {}
          : (JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.value)) as unknown),
    })
  } catch {
    return err(refuse(400, 'body: not JSON in UTF-8'))
  }
}

/** What was received counts while it is being received: whoever sends slowly holds no more than that. */
async function readBytes(request: IncomingMessage, budget: Budget): Promise<Result<Uint8Array, Answer>> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    // The socket stays, so that a refusal can be read.
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      if (!budget.take(chunk.length)) return err(overloaded('body', 'too many bodies are being received'))
      size += chunk.length
      if (size > MAX_BODY_BYTES) return err(tooLarge())
      chunks.push(chunk)
    }
  } catch {
    // The client went away while sending; nobody reads this answer.
    return err(refuse(400, 'body: ended early'))
  } finally {
    budget.give(size)
  }
  return ok(Buffer.concat(chunks))
}

const isJson = (type: string | undefined): boolean =>
  /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type ?? '')
