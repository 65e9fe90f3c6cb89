/** Paths as tools and shells write them, brought to one spelling: absolute, `/` between names, no `.` or `..`, NFC. */

/** How the machine writes paths; Windows also knows Git Bash's `/c/…` and backslashes. */
export type PathStyle = 'posix' | 'windows'

const DRIVE = /^[a-zA-Z]:(?=\/|$)/

function withSlashes(path: string, style: PathStyle): string {
  if (style === 'posix') return path
  const slashed = path
    .replaceAll('\\', '/')
    .replace(/^\/\/\?\/UNC\//i, '//')
    .replace(/^\/\/\?\//, '')
  const gitBash = /^\/([a-zA-Z])(?=\/|$)/.exec(slashed)
  return gitBash ? `${gitBash[1]}:${slashed.slice(2)}` : slashed
}

/** Windows opens `a.ts.`, `a.ts ` and `a.ts::$DATA` as `a.ts`. */
const asOpened = (name: string, style: PathStyle): string =>
  style === 'posix' || /^\.{1,2}$/.test(name) ? name : name.replace(/:.*$/, '').replace(/[. ]+$/, '')

/** Whether a path says where it begins. */
export function isAbsolutePath(path: string, style: PathStyle): boolean {
  const slashed = withSlashes(path, style)
  return slashed.startsWith('/') || (style === 'windows' && DRIVE.test(slashed))
}

/**
 * The absolute path, with `/`, without `.`, `..` and doubled separators, in NFC; a drive letter is upper case.
 * `base` is absolute. Links are not followed: that takes a look at the disk.
 */
export function resolvePath(base: string, path: string, style: PathStyle): string {
  const slashed = withSlashes(path, style)
  const whole = isAbsolutePath(path, style) ? slashed : `${withSlashes(base, style)}/${slashed}`
  const drive = style === 'windows' ? (DRIVE.exec(whole)?.[0] ?? '') : ''
  const names: string[] = []
  for (const written of whole.slice(drive.length).split('/')) {
    const name = asOpened(written, style)
    if (name === '' || name === '.') continue
    if (name === '..') names.pop()
    else names.push(name)
  }
  return `${drive.toUpperCase()}/${names.join('/')}`.normalize('NFC')
}

/**
 * The absolute path with each `..` still in it that stands behind a name: where that is a link, only the disk knows what it
 * leads to. Windows takes a name off without a look.
 */
export function unresolvedPath(base: string, path: string, style: PathStyle): string {
  if (style === 'windows') return resolvePath(base, path, style)
  const whole = path.startsWith('/') ? path : `${base}/${path}`
  const names: string[] = []
  for (const name of whole.split('/')) {
    if (name === '' || name === '.' || (name === '..' && names.length === 0)) continue
    names.push(name)
  }
  return `/${names.join('/')}`.normalize('NFC')
}

/** The path below `top`, '' for `top` itself, undefined where it lies elsewhere. Both as `resolvePath` gives them. */
export function pathBelow(top: string, path: string): string | undefined {
  if (path === top) return ''
  const prefix = top.endsWith('/') ? top : `${top}/`
  return path.startsWith(prefix) ? path.slice(prefix.length) : undefined
}
