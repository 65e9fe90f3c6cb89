/** Calls that wait in folders in which `coord` was used, and which this command does not look at. */
import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { usedFolders } from '../adapters/find-workspaces.ts'
import { queueFileOf } from '../adapters/queue-append.ts'
import { real } from '../adapters/places.ts'
import { workspacesOf, type Context } from './context.ts'
import { hint } from './output.ts'

const MOST_NAMED = 3
/** A folder on a drive that hangs holds nobody up. */
const PATIENCE_MS = 300

/** Folders elsewhere whose queue has bytes in it. */
async function waitingElsewhere(context: Context): Promise<readonly string[]> {
  if (context.givenWorkspaces.length > 0) return []
  const here = new Set(workspacesOf(context).map((one) => one.path))
  const folders = [...new Set(usedFolders(context.home))].filter((path) => !here.has(path))
  const sizes = Promise.all(
    folders.map(async (path) => {
      try {
        return (await stat(queueFileOf(path))).size > 0 && !here.has(real(path)) ? path : null
      } catch {
        return null
      }
    }),
  )
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<readonly null[]>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, [])))
  const found = await Promise.race([sizes, late])
  clearTimeout(timer)
  return found.filter((path) => path !== null)
}

const NOBODY_SERVES =
  'Nothing serves the API on this machine: "coord start" opens the app, "coord serve" serves alone.'

/** Whether nothing listens at an address of this machine; a program that hangs is there. No byte is sent to it. */
function isNobodyThere(baseUrl: string): Promise<boolean> {
  const { hostname, port } = new URL(baseUrl)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) })
    const end = (isNobody: boolean): void => {
      socket.destroy()
      resolve(isNobody)
    }
    socket.setTimeout(PATIENCE_MS, () => end(false))
    socket.once('connect', () => end(false))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code === 'ECONNREFUSED'))
  })
}

/** A fresh machine has no API yet: the one hint that helps; undefined where one is configured, or something listens. */
export async function adviceAway(
  context: Pick<Context, 'isEmbedded' | 'baseUrl'>,
): Promise<string | undefined> {
  return context.isEmbedded && (await isNobodyThere(context.baseUrl)) ? NOBODY_SERVES : undefined
}

export async function sayAway(context: Pick<Context, 'isEmbedded' | 'baseUrl'>): Promise<void> {
  const advice = await adviceAway(context)
  if (advice !== undefined) hint(advice)
}

/** Names them on stderr, with the command that sends from there. */
export async function sayElsewhere(context: Context): Promise<void> {
  const found = await waitingElsewhere(context)
  const [first] = found
  if (first === undefined) return
  const named = found.slice(0, MOST_NAMED).join(', ')
  const more = found.length > MOST_NAMED ? ` and ${found.length - MOST_NAMED} more` : ''
  hint(`coord: calls also wait in ${named}${more}: "coord flush --workspace ${first}"`)
}
