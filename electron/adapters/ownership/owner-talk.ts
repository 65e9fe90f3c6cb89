/**
 * What is said over an owner's socket. Anybody may take a socket's name, and anybody may connect to it: each side proves by
 * the nonces of both that it has the key of the same `COORD_HOME`, and no request is made before the owner has.
 */
import { connect, type Socket } from 'node:net'
import { createInterface, type Interface } from 'node:readline'
import { z } from 'zod'
import { readJson } from '../../../shared/json.ts'
import { err, type Result } from '../../../shared/result.ts'
import type { OwnerRequest } from '../../core/outbox/owner-port.ts'
import { isSameProof, newNonce, ownerProof, readHomeKey } from '../home-key.ts'

const HELLO_MS = 3_000
/** Of all that one side says: an edited line of a queue is the most, and JSON may write a byte of it as six. */
const MOST_BYTES = 8 * 1024 * 1024

const nonce = z.string().min(16).max(200)
const hello = z.object({ nonce })
const welcome = z.object({ nonce, proof: z.string() })
const request = z.union([
  z.object({ what: z.literal('flush'), waitMs: z.number(), lanes: z.number() }),
  z.object({ what: z.literal('send'), id: z.string() }),
  z.object({ what: z.literal('edit'), id: z.string(), line: z.string() }),
  z.object({ what: z.literal('discard'), id: z.string() }),
])
const envelope = z.object({ proof: z.string(), baseUrl: z.string(), request })

export interface TalkDeps {
  readonly home: string
  /** Where this process sends to. */
  readonly baseUrl: string
}

const say = (socket: Socket, value: unknown): void => void socket.write(`${JSON.stringify(value)}\n`)
const about = (folder: string, baseUrl: string, asked: unknown): string =>
  JSON.stringify([folder, baseUrl, asked])

/** One line after the other; undefined where the other side has ended, in whatever way. One that says too much is cut off. */
function reader(socket: Socket): { readonly next: () => Promise<string | undefined> } {
  let heard = 0
  socket.on('data', (data: Buffer) => {
    heard += data.length
    if (heard > MOST_BYTES) socket.destroy()
  })
  const lines: Interface = createInterface({ input: socket })
  socket.once('close', () => lines.close())
  const each = lines[Symbol.asyncIterator]()
  return {
    async next() {
      try {
        const { value, done } = await each.next()
        return done === true ? undefined : value
      } catch {
        // it was killed while we wrote: the iterator throws what the socket came to grief on
        return undefined
      }
    },
  }
}

/** The owner's side of one connection. `folder` is the name that both derive from the folder's path. */
export async function serveAsker(
  { home, baseUrl }: TalkDeps,
  socket: Socket,
  folder: string,
  onRequest: (request: OwnerRequest) => Promise<Result<unknown, unknown>>,
): Promise<void> {
  socket.on('error', () => undefined)
  const lines = reader(socket)
  const first = hello.safeParse(readJson((await lines.next()) ?? ''))
  if (!first.success) {
    socket.end(`${JSON.stringify(err({ code: 'failed', message: 'The request is not understood.' }))}\n`)
    return
  }
  const key = readHomeKey(home)
  const nonces = { asker: first.data.nonce, owner: newNonce() }
  say(socket, { nonce: nonces.owner, proof: ownerProof(key, 'owner', nonces, folder) })
  const line = await lines.next()
  if (line === undefined) return
  const asked = envelope.safeParse(readJson(line))
  const answer = async (): Promise<unknown> => {
    if (!asked.success) return err({ code: 'failed', message: 'The request is not understood.' })
    const { data } = asked
    const expected = ownerProof(key, 'asker', nonces, about(folder, data.baseUrl, data.request))
    if (!isSameProof(data.proof, expected))
      return err({ code: 'failed', message: 'Another user owns this workspace.' })
    if (data.baseUrl !== baseUrl)
      return err({
        code: 'other-api',
        message: `The running Coord Tray sends from this workspace to ${baseUrl}, this command to ${data.baseUrl}. Nothing was sent. Use the same COORD_API_URL for both.`,
      })
    return onRequest(data.request)
  }
  try {
    socket.end(`${JSON.stringify(await answer())}\n`)
  } catch {
    socket.destroy()
  }
}

export type Greeting =
  | { readonly kind: 'proven'; readonly nonces: { readonly asker: string; readonly owner: string } }
  /** It has not the key: another user's, an older build's, or no Coord Tray at all. */
  | { readonly kind: 'unproven' }
  | { readonly kind: 'gone' }

/** Has the other end prove that it is this user's owner of the folder; nothing but a nonce is sent before. */
async function greet(
  home: string,
  socket: Socket,
  next: () => Promise<string | undefined>,
  folder: string,
): Promise<Greeting> {
  const asker = newNonce()
  say(socket, { nonce: asker })
  const line = await next()
  if (line === undefined) return { kind: 'gone' }
  const said = welcome.safeParse(readJson(line))
  if (!said.success) return { kind: 'unproven' }
  const nonces = { asker, owner: said.data.nonce }
  const isProven = isSameProof(said.data.proof, ownerProof(readHomeKey(home), 'owner', nonces, folder))
  return isProven ? { kind: 'proven', nonces } : { kind: 'unproven' }
}

/** An open socket, or undefined where nobody listens. */
function open(name: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(name)
    socket.once('connect', () => resolve(socket))
    socket.on('error', () => resolve(undefined))
  })
}

export type Listener =
  /** This user's owner. The connection stays open until one of the two ends it. */
  { readonly kind: 'proven'; readonly connection: Socket } | { readonly kind: 'unproven' | 'gone' }

/** What listens on a folder's socket, and whether it is this user's owner of the folder. */
export async function meetListener(home: string, name: string, folder: string): Promise<Listener> {
  const socket = await open(name)
  if (!socket) return { kind: 'gone' }
  let isSilent = false
  const limit = setTimeout(() => {
    isSilent = true
    socket.destroy()
  }, HELLO_MS)
  const { kind } = await greet(home, socket, reader(socket).next, folder)
  clearTimeout(limit)
  if (kind === 'proven') return { kind, connection: socket }
  socket.destroy()
  // one that listens and says nothing is none of ours; one that closes at once has ended
  return { kind: isSilent ? 'unproven' : kind }
}

const notOwner = (message: string): Result<unknown, { code: string; message: string }> =>
  err({ code: 'not-owner', message })

const UNPROVEN_OWNER =
  'What owns this workspace cannot prove to be yours: another user, another COORD_HOME, or an older Coord Tray. Nothing was sent to it. End that program, or use the same COORD_HOME'

/** Asks the owner of a folder for something. */
export async function askOwner(
  { home, baseUrl }: TalkDeps,
  name: string,
  folder: string,
  asked: OwnerRequest,
): Promise<Result<unknown, { code: string; message: string }>> {
  const socket = await open(name)
  if (!socket) return notOwner('The process that owns this workspace does not answer; try again.')
  const lines = reader(socket)
  const silent = setTimeout(() => socket.destroy(), HELLO_MS)
  try {
    const greeting = await greet(home, socket, lines.next, folder)
    clearTimeout(silent)
    if (greeting.kind !== 'proven') return notOwner(`${UNPROVEN_OWNER}.`)
    const proof = ownerProof(readHomeKey(home), 'asker', greeting.nonces, about(folder, baseUrl, asked))
    say(socket, { proof, baseUrl, request: asked })
    const line = await lines.next()
    if (line === undefined)
      return notOwner('The process that owns this workspace ended before it answered; try again.')
    const answer = readJson(line)
    return typeof answer === 'object' && answer !== null && 'ok' in answer
      ? (answer as Result<unknown, { code: string; message: string }>)
      : notOwner('The process that owns this workspace gave no usable answer.')
  } finally {
    clearTimeout(silent)
    socket.destroy()
  }
}
