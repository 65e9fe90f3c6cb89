// What the Linux packages install, as a folder: the deb, the rpm and the AppImage are three wrappings of this one tree.
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { debianCopyright } from './copyright.mjs'
import { EPOCH_S, ICON_SIZES, MAINTAINER, PACKAGE, VERSION, iconFile, packaging } from './facts.mjs'

/** Programs begin with the mark of one; libraries do, too, and are told by their names. */
function isProgram(path) {
  const fd = openSync(path, 'r')
  const head = Buffer.alloc(4)
  readSync(fd, head, 0, 4, 0)
  closeSync(fd)
  const mark = head.toString('latin1')
  return mark.startsWith('#!') || (mark === '\x7fELF' && !/\.so(\.\d+)*$/.test(path))
}
export const APP_FOLDER = `usr/lib/${PACKAGE}`

/** Gzip without a name and a time in it: the same bytes each time. */
const gz = (text) => gzipSync(text, { level: 9 })

/** Where a shell looks for its completions. zsh: Debian has a folder of its own for packages. */
const COMPLETIONS = {
  'coord.bash': 'usr/share/bash-completion/completions/coord',
  _coord: 'usr/share/zsh/vendor-completions/_coord',
  'coord.fish': 'usr/share/fish/vendor_completions.d/coord.fish',
}

/** What the build wrote for the terminal: completions and the man page. */
function terminalFiles(app) {
  const from = join(app, 'resources/app.asar.unpacked/dist/cli')
  const found = Object.entries(COMPLETIONS)
    .map(([name, to]) => ({ from: join(from, 'completions', name), to }))
    .filter((one) => existsSync(one.from))
  const man = join(from, 'coord.1')
  return { completions: found, man: existsSync(man) ? man : null }
}

/**
 * Fills the empty folder `tree` with what `app` (the unpacked program) is when it is installed; `bundled`: the folders of
 * the packages in it. Modes and times are the same whoever packs, and whenever.
 */
export function fillTree(tree, { app, bundled }) {
  const put = (to, content) => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    writeFileSync(join(tree, to), content)
  }
  const link = (to, target) => {
    mkdirSync(dirname(join(tree, to)), { recursive: true })
    symlinkSync(target, join(tree, to))
  }
  cpSync(app, join(tree, APP_FOLDER), { recursive: true, verbatimSymlinks: true })
  link('usr/bin/coord-tray', `../lib/${PACKAGE}/coord-tray`)
  link('usr/bin/coord', `../lib/${PACKAGE}/coord`)
  put(
    'usr/share/applications/local.coord-tray.desktop',
    readFileSync(packaging('linux/local.coord-tray.desktop')),
  )
  for (const size of ICON_SIZES)
    put(`usr/share/icons/hicolor/${size}x${size}/apps/${PACKAGE}.png`, readFileSync(iconFile(size)))
  put(`usr/lib/${PACKAGE}/apparmor-profile`, readFileSync(packaging('linux/apparmor-profile')))
  const { completions, man } = terminalFiles(app)
  for (const { from, to } of completions) put(to, readFileSync(from))
  if (man !== null) {
    put('usr/share/man/man1/coord.1.gz', gz(readFileSync(man)))
    link('usr/share/man/man1/coord-tray.1.gz', 'coord.1.gz')
  }
  put(`usr/share/doc/${PACKAGE}/copyright`, debianCopyright(bundled))
  put(`usr/share/doc/${PACKAGE}/changelog.Debian.gz`, gz(changelog()))
  settle(tree)
}

/** Debian's form of what changed. */
function changelog() {
  const date = new Date(EPOCH_S * 1000).toUTCString().replace('GMT', '+0000')
  return readFileSync(packaging('linux/changelog'), 'utf8')
    .replaceAll('@VERSION@', VERSION)
    .replaceAll('@MAINTAINER@', MAINTAINER)
    .replaceAll('@DATE@', date)
}

/** One owner, one time, two modes. */
export function settle(dir) {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) settle(path)
    else if (entry.isFile()) chmodSync(path, isProgram(path) ? 0o755 : 0o644)
    lutimesSync(path, EPOCH_S, EPOCH_S)
  }
  chmodSync(dir, 0o755)
  lutimesSync(dir, EPOCH_S, EPOCH_S)
}
