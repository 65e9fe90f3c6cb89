/** Whether a display answers to the environment's name for it: a name stays behind in terminals that outlive their desktop. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

export function hasDisplay(env: Env = process.env, platform: NodeJS.Platform = process.platform): boolean {
  if (platform !== 'linux') return true
  const { DISPLAY: display, WAYLAND_DISPLAY: wayland, XDG_RUNTIME_DIR: runtime } = env
  if (wayland && existsSync(resolve(runtime || '/', wayland))) return true
  const number = /^(?:unix)?:(\d+)/.exec(display ?? '')?.[1]
  // Another machine's: nobody here can tell.
  return number === undefined ? Boolean(display) : hasSocket(number)
}

function hasSocket(number: string): boolean {
  const name = `/tmp/.X11-unix/X${number}`
  if (existsSync(name)) return true
  try {
    return readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .some((line) => line.endsWith(name))
  } catch {
    return false
  }
}
