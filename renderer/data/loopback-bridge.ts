/** The bridge over the loopback socket: commands by POST, snapshots by a streamed answer, the token in each. */
import { createListeners } from '../../shared/listeners.ts'
import type { CommandName, CommandResult, InputOf, SnapshotPush } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { createSnapshotReceiver } from '../../shared/push-snapshots.ts'
import { isOurServer } from './prove-server.ts'
import type { Link, WindowBridge } from './window-bridge.ts'

const TOKEN_KEY = 'coord-token'
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 5_000
/** Three of the server's beats. */
const SILENCE_MS = 35_000

/** Takes the token out of the address bar and into this tab's session; a reload then finds it there. */
function takeToken(): string {
  const given = /^#token=([\w-]{20,200})$/.exec(location.hash)?.[1]
  try {
    if (given) {
      sessionStorage.setItem(TOKEN_KEY, given)
      history.replaceState(null, '', location.pathname)
    }
    return given ?? sessionStorage.getItem(TOKEN_KEY) ?? ''
  } catch {
    return given ?? ''
  }
}

const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs))

/** Yields the lines of a streamed answer; rejects when it breaks or falls silent. */
async function* readLines(answer: Response): AsyncGenerator<string> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (!reader) return
  let rest = ''
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined
      const silence = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('the stream fell silent')), SILENCE_MS)
      })
      const part = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer))
      if (part.done) return
      const lines = (rest + part.value).split('\n')
      rest = lines.pop() ?? ''
      yield* lines.filter((line) => line !== '')
    }
  } finally {
    void reader.cancel().catch(() => undefined)
  }
}

/** Speaks to `serveWindow` (electron/bridge/loopback.ts) on this page's own origin. */
export function createLoopbackBridge(): WindowBridge {
  const token = takeToken()
  const headers = { 'x-coord-token': token }
  const linkListeners = createListeners<Link>((cause) => reportError(cause))
  let link: Link | undefined
  /** By the program itself. */
  let isRefused = false
  const say = (next: Link): void => {
    if (next === link) return
    link = next
    linkListeners.tell(next)
  }

  async function invoke<K extends CommandName>(name: K, input: InputOf<K>): Promise<CommandResult<K>> {
    try {
      if (link === 'lost' || link === 'refused')
        throw new Error('whoever listens there now has not shown who it is')
      const answer = await fetch('/command', {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify({ name, input }),
        redirect: 'error',
      })
      if (answer.status === 401 || answer.status === 403) say('refused')
      return (await answer.json()) as CommandResult<K>
    } catch {
      return {
        ok: false,
        error: { code: 'failed', message: 'Coord Tray cannot be reached from this window.' },
      }
    }
  }

  /** Reads one stream to its end; whether it ever carried anything. */
  async function follow(listener: (snapshot: AppSnapshot) => void, signal: AbortSignal): Promise<boolean> {
    const answer = await fetch('/snapshots', { headers, signal, redirect: 'error' })
    if (answer.status === 401 || answer.status === 403) {
      isRefused = true
      say('refused')
      return false
    }
    if (!answer.ok) return false
    say('up')
    // What changed while there was no stream.
    void invoke('snapshot.get', null).then((got) => {
      if (got.ok && !signal.aborted) listener(got.value)
    })
    const ask = async (): Promise<AppSnapshot | undefined> => {
      const got = await invoke('snapshot.get', null)
      return got.ok ? got.value : undefined
    }
    const receive = createSnapshotReceiver(ask, listener)
    for await (const line of readLines(answer)) receive(JSON.parse(line) as SnapshotPush)
    return true
  }

  function onSnapshot(listener: (snapshot: AppSnapshot) => void): () => void {
    const stop = new AbortController()
    const keepFollowing = async (): Promise<void> => {
      let delayMs = FIRST_RETRY_MS
      while (!stop.signal.aborted) {
        if (link !== undefined) {
          const isOurs = await isOurServer(token).catch(() => undefined)
          if (isOurs !== true) {
            // Another program has the port now; ours may come back all the same.
            if (isOurs === false) say('refused')
            await wait(delayMs)
            delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)
            continue
          }
        }
        const hadStream = await follow(listener, stop.signal).catch(() => link === 'up')
        // A page that came without a key gets none by waiting.
        if (stop.signal.aborted || isRefused) return
        say('lost')
        if (hadStream) delayMs = FIRST_RETRY_MS
        await wait(delayMs)
        delayMs = Math.min(delayMs * 2, MAX_RETRY_MS)
      }
    }
    void keepFollowing()
    return () => stop.abort()
  }

  return {
    invoke,
    onSnapshot,
    onLink: (listener) => {
      const off = linkListeners.add(listener)
      if (link) listener(link)
      return off
    },
  }
}
