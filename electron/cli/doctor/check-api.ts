/** Doctor's look at the coordination API: who answers, the token, the clock, each list. */
import { readJson } from '../../../shared/json.ts'
import { toSpan } from '../../../shared/text.ts'
import { lookAtServer } from '../../adapters/look-at-server.ts'
import { readHomeKey } from '../../adapters/home-key.ts'
import { checkEndpoints, type AskApi } from '../../core/coord/check-endpoints.ts'
import type { Context } from '../context.ts'
import { adviceAway } from '../elsewhere.ts'
import { openLive, type Live } from '../live.ts'
import { bad, well, type Finding } from './finding.ts'

const TIMEOUT_MS = 3_000
/** A clock that differs by more shows wrong ages, and dates queued calls wrongly. */
const MOST_SKEW_MS = 60_000

export async function checkApi(context: Context): Promise<readonly Finding[]> {
  const live = openLive(context, { timeoutMs: TIMEOUT_MS, longestWaitMs: 0 })
  try {
    const why = await live.ready()
    const isRefused = live.connection.view().isRefused === true
    const about = [...(await port(context)), token(context, why === undefined, isRefused)]
    if (why !== undefined) return [bad('coordination API', why, await wayOut(context, isRefused)), ...about]
    const endpoints = await checkEndpoints(asker(live))
    return [
      well('coordination API', `${context.baseUrl} answers`),
      ...about,
      clock(live),
      ...endpoints.map(({ check, isWell, detail, fix }) => ({
        check,
        ok: isWell !== false,
        detail,
        fix: isWell === false ? fix : null,
      })),
    ]
  } finally {
    live.close()
  }
}

async function wayOut(context: Context, isRefused: boolean): Promise<string> {
  const meanwhile = 'calls wait in the queues meanwhile.'
  if (isRefused)
    return `"coord join ${context.baseUrl}" asks for a token, if that is what it wants; ${meanwhile}`
  if (!context.isEmbedded) return `Look at COORD_API_URL and at the server; ${meanwhile}`
  return (await adviceAway(context)) === undefined
    ? `Look at the program that has the port (below); ${meanwhile}`
    : 'Start it: "coord start" or "coord serve".'
}

/** Null where none can be kept: the data folder has a line of its own. */
function keyOf(home: string): string | null {
  try {
    return readHomeKey(home)
  } catch {
    return null
  }
}

/** Who has the port where nobody configured an address. */
async function port(context: Context): Promise<readonly Finding[]> {
  if (!context.isEmbedded) return []
  const key = keyOf(context.home)
  if (key === null) return [well('port', 'not looked for: the data folder may not be written')]
  const { kind } = await lookAtServer(context.baseUrl, key, TIMEOUT_MS)
  if (kind === 'nobody') return [well('port', `${context.port} is free`)]
  if (kind === 'ours') return [well('port', `${context.port} is served by you`)]
  return [
    bad(
      'port',
      `another program, or another user's server, has ${context.port}`,
      'End it, or set COORD_PORT to another port, here and for your sessions.',
    ),
  ]
}

function token(context: Context, isAnswered: boolean, isRefused: boolean): Finding {
  if (context.token === null)
    return well('token', isRefused ? 'none is set, and the API wants one' : 'none is set')
  if (context.isEmbedded) return well('token', 'set, and not sent: no COORD_API_URL is configured')
  return well('token', isAnswered ? 'set, and accepted' : isRefused ? 'set, and refused' : 'set')
}

function clock(live: Live): Finding {
  const skewMs = live.connection.serverSkewMs()
  const ahead = skewMs < 0 ? 'ahead of' : 'behind'
  if (Math.abs(skewMs) <= MOST_SKEW_MS) return well('clock', "agrees with the API's")
  return bad(
    'clock',
    `${toSpan(Math.abs(skewMs))} ${ahead} the API's`,
    "Set this machine's clock, or the server's: queued calls are dated by it.",
  )
}

const asker =
  (live: Live): AskApi =>
  async (path) => {
    const answer = await live.connection.get(path)
    return answer.kind === 'answer'
      ? { kind: 'answer', status: answer.status, json: readJson(answer.text) }
      : { kind: 'away', detail: answer.detail }
  }
