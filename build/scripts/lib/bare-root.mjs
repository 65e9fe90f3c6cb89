// A Debian with nothing but Node, npm and git, in a folder: what a stranger's machine has. Needs root and debootstrap.
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './freshness.mjs'
import { has, isDebian, isRoot } from './runtime.mjs'

/** Exit code of a check that this machine cannot make, as automake's. */
export const CANNOT_BE_SHOWN = 77

/** Where a check on a bare machine leaves what is red: its own words stand far above the last lines of a log. */
export const WHY_RED = join(root, 'out/red-on-a-bare-machine.txt')

/** Settings of this machine's package tools, without which it would not reach its registries. */
const NETWORK = [
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/ssl/certs',
  '/usr/local/share/ca-certificates',
  '/etc/apt/sources.list',
  '/etc/apt/sources.list.d',
  '/etc/apt/apt.conf.d',
  '/etc/apt/auth.conf.d',
  '/etc/apt/keyrings',
  '/etc/npmrc',
  '/etc/pip.conf',
]
/** Folders of this machine's npm, as `npm run` gives them on. */
const OWN_FOLDER = /^npm_config_(\w*prefix|globalconfig|nodedir|node_gyp)$/i
const KEPT_ENVIRONMENT = /^(https?_proxy|no_proxy|(npm_config|pip|ssl|curl|requests|node_extra)_\w+)$/i

/** Why no bare root can be made here; null: it can. */
export function whyNoBareRoot() {
  if (process.platform !== 'linux' || !isDebian()) return 'this is no Debian'
  if (!isRoot) return 'a root of its own needs root (sudo npm run test:bare)'
  const namespace = spawnSync('unshare', ['--mount', '--pid', '--fork', '--mount-proc', 'true'])
  return namespace.status === 0 ? null : 'no mount namespace can be had'
}

const call = (program, args, options = {}) =>
  spawnSync(program, args, { stdio: ['ignore', 2, 2], ...options }).status === 0

/** The Debian that this machine's apt takes its packages from: `[address, name]`. */
function debianSource() {
  const { stdout } = spawnSync(
    'apt-get',
    ['indextargets', '--format', '$(REPO_URI) $(CODENAME) $(COMPONENT)', 'Created-By: Packages'],
    { encoding: 'utf8' },
  )
  const lines = (stdout ?? '').split('\n').map((line) => line.split(' '))
  return lines.find(([, , component]) => component === 'main')?.slice(0, 2)
}

/** The Node and npm that stand on the path outside this project, as files. */
function systemNode() {
  const dirs = (process.env.PATH ?? '').split(':').filter((dir) => !dir.includes('node_modules'))
  const find = (name) => dirs.map((dir) => join(dir, name)).find(existsSync)
  const [node, npm] = [find('node'), find('npm')]
  if (!node || !npm) return null
  return { node: realpathSync(node), npm: dirname(dirname(realpathSync(npm))) }
}

/** Fills `dir` with a minimal Debian, git, and this machine's Node and npm. Says why where that fails. */
export function makeBareRoot(dir) {
  const system = systemNode()
  if (system === null) return 'there is no Node with npm on the path beside the project’s own'
  if (!has('debootstrap') && !call('apt-get', ['install', '-qqy', '--no-install-recommends', 'debootstrap']))
    return 'debootstrap could not be installed'
  const source = debianSource()
  if (!source) return 'apt names no source of packages'
  const [address, name] = source
  const options = ['--variant=minbase', '--include=ca-certificates,git']
  if (!call('debootstrap', [...options, name, dir, address], { stdio: ['ignore', 'ignore', 2] }))
    return 'debootstrap failed (above)'
  // debootstrap's own names the same packages a second time.
  rmSync(join(dir, 'etc/apt/sources.list'), { force: true })
  for (const file of NETWORK) {
    if (!existsSync(file)) continue
    // A link that is there already would be followed out of the root, to the file that it is made from.
    rmSync(join(dir, file), { recursive: true, force: true })
    cpSync(file, join(dir, file), { recursive: true, dereference: false })
  }
  cpSync(system.node, join(dir, 'usr/bin/node'))
  const npm = join(dir, 'usr/lib/node_modules/npm')
  mkdirSync(dirname(npm), { recursive: true })
  cpSync(system.npm, npm, { recursive: true })
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(dir, 'usr/bin/npm'))
  return null
}

/** What is written before the root is entered. `isMachine`: it becomes the root of the machine, not a folder of it: only
 * so can what runs inside make namespaces, as Chromium's sandbox does. */
const enter = (dir, isMachine) =>
  [
    'mount --make-rprivate /',
    `mount --rbind "${dir}" "${dir}"`,
    `mount -t proc proc "${dir}/proc"`,
    `mount --rbind /dev "${dir}/dev"`,
    `mount -t sysfs -o ro sysfs "${dir}/sys"`,
    `mount -t tmpfs tmpfs "${dir}/tmp"`,
    isMachine
      ? `mkdir -p "${dir}/.old" && cd "${dir}" && pivot_root . .old && umount -l /.old && exec /bin/bash -o pipefail -c "$COORD_INSIDE"`
      : `exec chroot "${dir}" /bin/bash -o pipefail -c "$COORD_INSIDE"`,
  ].join(' && ')

/** The environment inside: nothing of this one's but the way to the registries. @public */
export const insideEnv = (command) => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => KEPT_ENVIRONMENT.test(name) && !OWN_FOLDER.test(name)),
  ),
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  CI: 'true',
  COORD_INSIDE: command,
})
const NAMESPACE = ['--mount', '--pid', '--fork', '--kill-child']

/** Starts a shell command inside and gives the process: what it says comes by its pipes. */
export const startInside = (dir, command) =>
  spawn('unshare', [...NAMESPACE, 'bash', '-c', enter(dir, true)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: insideEnv(command),
  })

/**
 * Runs a shell command inside, as root of a machine of its own (processes, mounts), with nothing of this one's
 * environment but the way to the registries. `{ status, output }`; the output is shown while it comes, too.
 */
export function runInside(dir, command, { timeoutMs, isMachine = false }) {
  const log = `${dir}.log`
  const shown = `(${enter(dir, isMachine)}) 2>&1 | tee "${log}" >&2; exit "\${PIPESTATUS[0]}"`
  const { status } = spawnSync('unshare', [...NAMESPACE, 'bash', '-c', shown], {
    stdio: ['ignore', 2, 2],
    timeout: timeoutMs,
    env: insideEnv(command),
  })
  const output = readFileSync(log, 'utf8')
  rmSync(log)
  return { status: status ?? 1, output }
}
