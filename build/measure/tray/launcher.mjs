// Starts programs, takes the time until their tray item is there, and ends them with all that they started.
import { spawn } from 'node:child_process'
import { until } from '../../../e2e/support/desktop.ts'
import { treeOf, typeOf } from '../lib/desk.mjs'

export class Launcher {
  #desktop
  #running = new Set()

  constructor(desktop) {
    this.#desktop = desktop
  }

  /** Starts a program; resolves with the ms until a tray item is there, and with the way to end it and all it started. */
  async untilTrayItem(command, args, options) {
    const from = this.#desktop.said.length
    const begin = performance.now()
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'], detached: true, ...options })
    this.#running.add(child)
    await until(
      'the tray item',
      () => this.#desktop.said.slice(from).some((fact) => fact.t === 'registered'),
      60_000,
    )
    const ms = performance.now() - begin
    return { ms, pid: child.pid, stop: () => this.#stopTree(child) }
  }

  /** Starts a program that shows nothing. */
  inBackground(command, args, options) {
    const child = spawn(command, args, { ...options, stdio: 'ignore' })
    this.#running.add(child)
    return {
      stop: async () => {
        const ended = new Promise((done) => child.once('exit', done))
        child.kill()
        await ended
        this.#running.delete(child)
      },
    }
  }

  /** Ends whatever a part that failed has left behind. */
  killAll() {
    for (const child of this.#running) killEach(treeOf(child.pid))
  }

  async #stopTree(child) {
    const tree = treeOf(child.pid)
    // as a person's SIGTERM, then for good: the next measurement must find nothing of it
    process.kill(-child.pid, 'SIGTERM')
    await until(
      'the app to end',
      () => tree.every((pid) => treeOf(pid).length === 1 && typeOf(pid) === ''),
      6_000,
    ).catch(() => undefined)
    killEach(tree)
    this.#running.delete(child)
  }
}

function killEach(pids) {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // gone
    }
}
