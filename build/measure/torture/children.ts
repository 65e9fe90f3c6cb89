/** Processes that must not outlive the run, however it ends. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'

const alive = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

export function start(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(program, args, options)
  alive.add(child)
  child.once('exit', () => void alive.delete(child))
  return child
}
