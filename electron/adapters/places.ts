/** Where the data folder is, and what counts as an API address: the same for every front. Loads nothing heavy. */
import { realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, parse, resolve } from 'node:path'
import { readJson } from '../../shared/json.ts'

export type Env = Readonly<Record<string, string | undefined>>

/** The person's own folder; null where nothing names one (a container's user without an entry of its own). */
export function personFolder(): string | null {
  try {
    return homedir()
  } catch {
    return null
  }
}

/** The platform's data folder, or `COORD_HOME`. */
export function homeFolder(env: Env): string {
  if (env['COORD_HOME']) return resolve(env['COORD_HOME'])
  // a folder that is not there: no other user's is taken for this one's
  const user = personFolder() ?? join(parse(process.execPath).root, 'nonexistent')
  if (process.platform === 'win32')
    return join(env['APPDATA'] ?? join(user, 'AppData', 'Roaming'), 'coord-tray')
  if (process.platform === 'darwin') return join(user, 'Library', 'Application Support', 'coord-tray')
  return join(env['XDG_DATA_HOME'] || join(user, '.local', 'share'), 'coord-tray')
}

/** The real folder, so that one workspace has one name; a folder that is not there stays as written. */
export function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

export type BaseUrl =
  { readonly kind: 'url'; readonly url: string } | { readonly kind: 'no-url' } | { readonly kind: 'no-http' }

/** An API address without `/api/coord` and without a slash at its end. */
export function toBaseUrl(text: string): BaseUrl {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return { kind: 'no-url' }
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return { kind: 'no-http' }
  return { kind: 'url', url: `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/api\/coord$/, '')}` }
}

/** In place of an address that nobody knows: an address that is none must not turn into "serve here". */
export const NOWHERE = 'http://127.0.0.1:9'

const ADDRESS = /"apiUrl"\s*:\s*("(?:[^"\\\n]|\\.)+")/

/** The API's address in settings that are no JSON: torn, or a comma too many of somebody's own. */
export function addressIn(text: string): string | undefined {
  const found = readJson(ADDRESS.exec(text)?.[1] ?? '')
  return typeof found === 'string' ? found : undefined
}
