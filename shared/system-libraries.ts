/** Electron's needs of the system: the list, the packages, the words. */
import type { Finding } from './protocol.ts'

/**
 * What Electron needs of the system and does not bring along: the one list that `npm start`, the tests' set-up,
 * `coord doctor`, Check and the Debian package's dependencies are made from.
 *
 * Found with Electron 22.3.25 on Debian 12 by strace (a start, a toast, a message box, a file dialog, a link opened),
 * then by hiding each: what is `opened` is named by no `ldd`, and without libudev or libX11-xcb the process dies at its
 * start. Not here, since nothing of this app fails without them: libGL, libva, libpci, libvulkan (the graphics fall
 * back to the software that Electron brings).
 */
export interface SystemLibrary {
  /** The name that the loader looks for. */
  readonly file: string
  /** Debian's and Ubuntu's package. */
  readonly package: string
  /** In the executable's own list, or opened by name while it runs. */
  readonly loaded: 'linked' | 'opened'
  /** What cannot be had without it: the app, or its notifications. */
  readonly neededFor: 'start' | 'notifications'
}

const linked = (file: string, packageName: string): SystemLibrary => ({
  file,
  package: packageName,
  loaded: 'linked',
  neededFor: 'start',
})

export const SYSTEM_LIBRARIES: readonly SystemLibrary[] = [
  linked('libasound.so.2', 'libasound2'),
  linked('libatk-1.0.so.0', 'libatk1.0-0'),
  linked('libatk-bridge-2.0.so.0', 'libatk-bridge2.0-0'),
  linked('libatspi.so.0', 'libatspi2.0-0'),
  linked('libcairo.so.2', 'libcairo2'),
  linked('libcups.so.2', 'libcups2'),
  linked('libdbus-1.so.3', 'libdbus-1-3'),
  linked('libdrm.so.2', 'libdrm2'),
  linked('libexpat.so.1', 'libexpat1'),
  linked('libgbm.so.1', 'libgbm1'),
  linked('libgio-2.0.so.0', 'libglib2.0-0'),
  linked('libglib-2.0.so.0', 'libglib2.0-0'),
  linked('libgobject-2.0.so.0', 'libglib2.0-0'),
  linked('libgtk-3.so.0', 'libgtk-3-0'),
  linked('libnspr4.so', 'libnspr4'),
  linked('libnss3.so', 'libnss3'),
  linked('libnssutil3.so', 'libnss3'),
  linked('libpango-1.0.so.0', 'libpango-1.0-0'),
  linked('libsmime3.so', 'libnss3'),
  linked('libX11.so.6', 'libx11-6'),
  linked('libxcb.so.1', 'libxcb1'),
  linked('libXcomposite.so.1', 'libxcomposite1'),
  linked('libXdamage.so.1', 'libxdamage1'),
  linked('libXext.so.6', 'libxext6'),
  linked('libXfixes.so.3', 'libxfixes3'),
  linked('libxkbcommon.so.0', 'libxkbcommon0'),
  linked('libXrandr.so.2', 'libxrandr2'),
  { file: 'libnotify.so.4', package: 'libnotify4', loaded: 'opened', neededFor: 'notifications' },
  { file: 'libudev.so.1', package: 'libudev1', loaded: 'opened', neededFor: 'start' },
  { file: 'libX11-xcb.so.1', package: 'libx11-xcb1', loaded: 'opened', neededFor: 'start' },
]

/** Packages that Debian 13 and Ubuntu 24.04 renamed for their 64-bit time; the old name is no longer installable there. */
const RENAMED: ReadonlySet<string> = new Set([
  'libasound2',
  'libatk1.0-0',
  'libatk-bridge2.0-0',
  'libatspi2.0-0',
  'libcups2',
  'libglib2.0-0',
  'libgtk-3-0',
])

/** How this system names its packages. */
export interface Distribution {
  /** Debian, Ubuntu, and what is made from them. */
  readonly isDebianLike: boolean
  readonly hasRenamedPackages: boolean
}

/** The packages that bring these libraries, each once, as this distribution names them. */
export function packagesOf(
  libraries: readonly SystemLibrary[],
  { hasRenamedPackages }: Distribution,
): readonly string[] {
  const names = libraries.map(({ package: name }) =>
    hasRenamedPackages && RENAMED.has(name) ? `${name}t64` : name,
  )
  return [...new Set(names)]
}

/** The Debian package's `Depends`: either name will do, and xdg-open for links and folders. */
export function debianDependencies(): readonly string[] {
  const either = (name: string): string => (RENAMED.has(name) ? `${name} | ${name}t64` : name)
  return [...new Set(SYSTEM_LIBRARIES.map((library) => either(library.package))), 'xdg-utils']
}

/** Libraries that are missing: the known ones, and names that Electron links to and this list does not know. */
export interface MissingLibraries {
  readonly known: readonly SystemLibrary[]
  readonly unknown: readonly string[]
}

/** The command that brings what is missing, or null where the distribution's names are not known here. */
export function installCommand(
  libraries: readonly SystemLibrary[],
  distribution: Distribution,
): string | null {
  return distribution.isDebianLike && libraries.length > 0
    ? `sudo apt-get install -y ${packagesOf(libraries, distribution).join(' ')}`
    : null
}

/** What cannot be had, and without which files. */
function effects({ known, unknown }: MissingLibraries): readonly (readonly [string, readonly string[]])[] {
  const names = (need: SystemLibrary['neededFor']): readonly string[] =>
    known.filter((library) => library.neededFor === need).map((library) => library.file)
  const all = [
    ['Electron does not start', [...names('start'), ...unknown]],
    ['No notification can be shown', names('notifications')],
  ] as const
  return all.filter(([, files]) => files.length > 0)
}

const BY_HAND = 'install it with your system’s package manager'

/** What is missing, what follows from it and the command that mends it, one sentence an effect; nothing missing: none. */
export function missingSentences(missing: MissingLibraries, distribution: Distribution): readonly string[] {
  return effects(missing).map(([effect, files]) => {
    const libraries = missing.known.filter(({ file }) => files.includes(file))
    return `${effect} without ${files.join(', ')}: ${installCommand(libraries, distribution) ?? BY_HAND}`
  })
}

/** The self-test's line; `missing` null: the loader could not be asked. */
export function librariesFinding(missing: MissingLibraries | null, distribution: Distribution): Finding {
  const check = 'system libraries'
  if (missing === null) return { check, isWell: null, detail: 'it cannot be told here', fix: null }
  const said = effects(missing)
  if (said.length === 0) return { check, isWell: true, detail: 'all that Electron needs is there', fix: null }
  return {
    check,
    isWell: false,
    detail: said.map(([effect, files]) => `${effect} without ${files.join(', ')}`).join('. '),
    fix: `Then start Coord Tray again: ${installCommand(missing.known, distribution) ?? BY_HAND}`,
  }
}
