// A display for what needs one: Xvfb.
import { spawn } from 'node:child_process'

/** A display of its own, on a number that the server picks. */
export function startDisplay() {
  return new Promise((resolve, reject) => {
    const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    server.once('error', reject)
    server.once('exit', () => reject(new Error('Xvfb ended')))
    server.stdio[3].once('data', (bytes) =>
      resolve({ name: `:${String(bytes).trim()}`, stop: () => server.kill() }),
    )
  })
}
