// The programs and libraries that the tests need beside Node: which are here, and, as root on Debian, the rest brought in.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { deskPackages } from '../lib/desks.mjs'
import { has, isDebian, isRoot, missingLibraries } from '../lib/runtime.mjs'
import { isLong, say } from './report.mjs'

export const chromium = () =>
  process.env.COORD_CHROMIUM ||
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Programs that the tests run, by Debian's packages. */
const programs = {
  xvfb: () => has('Xvfb'),
  dbus: () => has('dbus-run-session'),
  chromium: () => chromium() !== undefined,
  'python3-pip': () => has('python3') && spawnSync('python3', ['-m', 'pip', '--version']).status === 0,
  jq: () => has('jq'),
  curl: () => has('curl'),
  zsh: () => has('zsh'),
  fish: () => has('fish'),
  'man-db': () => has('man'),
  // The daemon alone: it brings no service, and the tests start one of their own.
  'mariadb-server-core': () => has('mariadbd') || existsSync('/usr/sbin/mariadbd'),
  'mariadb-client-core': () => has('my_print_defaults'),
  ...(isLong
    ? { 'galera-4': () => existsSync('/usr/lib/galera/libgalera_smm.so'), iproute2: () => has('ip') }
    : {}),
}
export const missingPrograms = () =>
  Object.keys(programs).filter((name) => process.platform === 'linux' && !programs[name]())

/** The command that a person would give. */
export const aptCommand = (...names) => `sudo apt-get install -y ${names.join(' ')}`

function aptInstall(names) {
  say(`installing system parts: ${names.join(' ')}`)
  const apt = (...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0
  return apt('update', '-qq') && apt('install', '-qqy', '--no-install-recommends', ...names)
}

/** What the packages are made and judged with; what is missing is left out there, and said. */
const PACKAGING = {
  'squashfs-tools': 'mksquashfs',
  rpm: 'rpmbuild',
  lintian: 'lintian',
  'desktop-file-utils': 'desktop-file-validate',
  nsis: 'makensis',
}
const missingPackaging = () => Object.keys(PACKAGING).filter((name) => !has(PACKAGING[name]))

/** Before anything runs: a test that finds its part missing would fail, or show less than it says. */
export async function findParts() {
  if (!isRoot || !isDebian()) return
  const parts = [...missingPrograms(), ...(await missingLibraries()).packages]
  if (parts.length > 0) aptInstall(parts)
  // By itself: apt installs nothing of a list in which it does not know one name.
  if (isLong && deskPackages().length > 0) aptInstall(deskPackages())
  if (isLong && missingPackaging().length > 0) aptInstall(missingPackaging())
}
