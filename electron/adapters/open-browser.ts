/** Opens an address in the person's browser, where there is one. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A browser's starter that is still there after this long has found one. */
const SETTLES_MS = 3000

type Env = Readonly<Record<string, string | undefined>>

/**
 * The command that opens an address here, or null: a machine without a display has no browser to show it in. `BROWSER`
 * is taken at its word, display or not: remote editors put there what opens a browser on the person's own machine.
 */
export function browserCommand(
  url: string,
  env: Env,
  platform: NodeJS.Platform,
  isThere: (file: string) => boolean = existsSync,
): readonly [string, ...string[]] | null {
  const dirs = (env['PATH'] ?? '').split(platform === 'win32' ? ';' : delimiter).filter(Boolean)
  const find = (name: string): string | undefined =>
    name.includes('/') ? name : dirs.map((dir) => join(dir, name)).find(isThere)
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url]
  for (const one of (env['BROWSER'] ?? '').split(':').filter(Boolean)) {
    const [program = '', ...args] = one.split(' ').filter(Boolean)
    const file = find(program)
    const isPlaced = args.some((arg) => arg.includes('%s'))
    if (file !== undefined)
      return [file, ...args.map((arg) => arg.replaceAll('%s', url)), ...(isPlaced ? [] : [url])]
  }
  if (platform === 'darwin') return ['open', url]
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return null
  const file = ['xdg-open', 'sensible-browser', 'x-www-browser']
    .map(find)
    .find((found) => found !== undefined)
  return file === undefined ? null : [file, url]
}

/** Whether a browser took the address: its starter ended well or goes on. Never rejects. */
export function openInBrowser(url: string, env: Env = process.env): Promise<boolean> {
  const command = browserCommand(url, env, process.platform)
  if (command === null) return Promise.resolve(false)
  const [program, ...args] = command
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'ignore', detached: true })
    const timer = setTimeout(() => resolve(true), SETTLES_MS)
    const end = (isOpen: boolean): void => {
      clearTimeout(timer)
      resolve(isOpen)
    }
    child.once('error', () => end(false))
    child.once('exit', (code) => end(code === 0))
    child.unref()
  })
}
