/** Listens on a named socket, where nobody else does. */
import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { isAnswered } from './socket-name.ts'

/** `impossible`: no socket is to be had here (a file system or a sandbox without them). */
export async function listen(
  name: string,
  onSocket: (socket: Socket) => void,
): Promise<Server | 'taken' | 'impossible'> {
  const attempt = (): Promise<Server | string> =>
    new Promise((resolve) => {
      const server = createServer(onSocket)
      server.once('error', (e: NodeJS.ErrnoException) => resolve(e.code ?? 'UNKNOWN'))
      server.listen(name, () => {
        server.unref()
        resolve(server)
      })
    })
  let done = await attempt()
  if (done === 'EADDRINUSE' && name.startsWith('/')) {
    // a socket file outlives its process: taken only if somebody answers
    if (await isAnswered(name)) return 'taken'
    rmSync(name, { force: true })
    done = await attempt()
  }
  if (typeof done !== 'string') return done
  return done === 'EADDRINUSE' || done === 'EACCES' ? 'taken' : 'impossible'
}
