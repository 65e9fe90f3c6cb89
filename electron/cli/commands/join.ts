/** `coord join URL`: this workstation uses a team's server from now on. The token is asked for, and kept for that address alone. */
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { readJson } from '../../../shared/json.ts'
import { toMachineKey } from '../../../shared/session.ts'
import { createLightHttp } from '../../adapters/light-http.ts'
import { toBaseUrl } from '../../adapters/places.ts'
import { settingsFile } from '../../adapters/settings-file.ts'
import { classify, sayOutcome } from '../../core/coord/classify-answer.ts'
import { pauseOf, problemWords } from '../../core/coord/connection-words.ts'
import { identify, isRefusal } from '../../core/coord/identify.ts'
import type { Http, HttpOutcome } from '../../core/ports.ts'
import { keepToken } from '../../adapters/token-file.ts'
import type { Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { saying } from '../live-connection.ts'
import { hint, result } from '../output.ts'

const LIMIT_MS = 10_000

export async function join(context: Context, address: string): Promise<ExitCode> {
  const checked = toBaseUrl(address)
  if (checked.kind !== 'url') throw usage(`that is no address of a server: ${address} (https://NAME)`)
  const { url } = checked
  if (process.env['COORD_API_URL'])
    throw failure('COORD_API_URL is set and would count before what is joined: unset it first')
  const token = process.env['COORD_TOKEN'] || (await askForToken(url))
  if (token === '')
    throw usage('no token was given; coord token add MACHINE makes one, where the server runs')
  const machine = await whoamiAt(url, token, context)
  const file = keepToken(context.home, url, token)
  const settings = settingsFile(context.home)
  const { value, strange, isUnreadable } = settings.read()
  if (isUnreadable || !settings.write({ ...value, ...strange, apiUrl: url }))
    throw failure(`${settings.path} could not be written`)
  await result(
    { joined: url, machine: machine ?? context.machine.name, tokenFile: file },
    `Joined ${url} as ${machine ?? context.machine.name}. The token is kept in ${file}, for this address only.\nPrograms that run already use it when they are started anew.`,
  )
  return EXIT.done
}

/** From a terminal without showing it, from a pipe whole. Never from the command line, which others can read. */
async function askForToken(url: string): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).trim()
  await demandServer(url)
  process.stderr.write(`Token for ${url}: `)
  const lines = createInterface({
    input: process.stdin,
    output: new Writable({ write: (_chunk, _encoding, done) => done() }),
    terminal: true,
  })
  try {
    return (await lines.question('')).trim()
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}

/** A server that knows no `whoami` may be one of the protocol; a wrong path of one that does, or any other, is not joined. */
async function demandApi(http: Http, url: string, hasToken: boolean): Promise<void> {
  const identity = await identify(
    (path, maxAnswerBytes) => http.request({ method: 'GET', path, headers: {}, maxAnswerBytes }),
    (outcome) => pauseOf(classify(outcome, Date.now()), url) !== undefined,
  )
  if (identity.kind === 'away')
    throw failure(`${url} cannot say now what it is: ${sayOutcome(identity.outcome)}`)
  if (identity.kind !== 'other' || (!hasToken && isRefusal(identity.problem))) return
  throw failure(problemWords(identity.problem, url, true))
}

/** Nobody types a secret for an address where no server is, or one of something else. */
async function demandServer(url: string): Promise<void> {
  const http = saying(createLightHttp({ baseUrl: url, proof: null, timeoutMs: LIMIT_MS }))
  try {
    const { status } = await whoami(http, url)
    if (status === 404 || status === 405) await demandApi(http, url, false)
    else if (status !== 200 && status !== 401 && status !== 403) throw failure(strangeWords(url, status))
  } finally {
    await http.close()
  }
}

type Answer = Extract<HttpOutcome, { kind: 'answer' }>
const strangeWords = (url: string, status: number): string =>
  `${url} answers ${status}: it is no coordination API, or has trouble`

/** What it answers to `whoami`, where that says anything of who answers. */
async function whoami(http: Http, url: string): Promise<Answer> {
  const answer = await http.request({ method: 'GET', path: '/api/coord/whoami', headers: {} })
  if (answer.kind !== 'answer') throw failure(`${url} does not answer: ${answer.detail}`)
  if (answer.status === 429 || answer.status === 503)
    throw failure(`${url} asks to wait before the token is looked at: ${sayOutcome(answer)}`)
  if (answer.status >= 300 && answer.status < 400)
    throw failure(
      `${url} redirects${answer.headers['location'] === undefined ? '' : ` to ${answer.headers['location'].slice(0, 200)}`} (${answer.status}), which is not followed: join the address that is meant`,
    )
  return answer
}

/** The machine that the server knows the token by; null where it has no such call. */
async function whoamiAt(url: string, token: string, context: Context): Promise<string | null> {
  const http = saying(createLightHttp({ baseUrl: url, token, proof: null, timeoutMs: LIMIT_MS }))
  try {
    const answer = await whoami(http, url)
    if (answer.status === 401)
      throw failure(`${url} does not take this token: it is unknown there, or was revoked`)
    if (answer.status === 404 || answer.status === 405) {
      await demandApi(http, url, true)
      return null
    }
    if (answer.status !== 200) throw failure(strangeWords(url, answer.status))
    const told = readJson(answer.text)
    if (typeof told !== 'object' || told === null)
      throw failure(`${url} does not say whose the token is: it is no coordination API, or has trouble`)
    const { machine, is_admin: isAdmin } = told as { machine?: unknown; is_admin?: unknown }
    if (typeof machine !== 'string') return null
    if (isAdmin === true) hint("coord: this is an administrator's token: whoever has it may act as anybody")
    else if (
      ![context.machine.name, ...context.machine.aliases].some(
        (own) => toMachineKey(own) === toMachineKey(machine),
      )
    )
      throw failure(
        `this token is ${machine}'s, and this machine is ${context.machine.name}: nothing could be done with it. Set COORD_MACHINE, or have one made: coord token add ${context.machine.name}`,
      )
    return machine
  } finally {
    await http.close()
  }
}
