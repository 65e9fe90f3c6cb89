/** The files of the built window (dist/window): those of that folder, of kinds that the window has, and nothing else. */
import { readFile, realpath } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { isAppUrl, windowHeaders } from './window-origin.ts'

const MIME: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

export interface WindowFile {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** The decoded path of a request target, without its query; undefined where it is one that no window of ours would send. */
export function pathOfTarget(target: string): string | undefined {
  const raw = target.split(/[?#]/, 1)[0] ?? ''
  if (!raw.startsWith('/') || raw.startsWith('//')) return undefined
  try {
    const path = decodeURIComponent(raw)
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    return /[\\\u0000-\u001f\u007f]/.test(path) || path.split('/').includes('..') ? undefined : path
  } catch {
    return undefined
  }
}

/**
 * Reads the file at a path from `pathOfTarget`; `/` is the page. Links are resolved first, so that nothing outside the folder
 * is ever read. Undefined where there is none, or none of a known kind.
 */
export async function readWindowFile(windowDir: string, path: string): Promise<WindowFile | undefined> {
  const name = path === '/' ? 'index.html' : path.slice(1)
  const type = MIME[extname(name).toLowerCase()]
  if (type === undefined) return undefined
  try {
    const root = await realpath(windowDir)
    const file = await realpath(join(root, name))
    if (!file.startsWith(root + sep)) return undefined
    return { type, bytes: new Uint8Array(await readFile(file)) }
  } catch {
    return undefined
  }
}

/** Answers Electron's request for a page of `app://window/`. Never rejects. */
export async function serveAppFile(
  windowDir: string,
  request: { readonly url: string; readonly method: string },
): Promise<Response> {
  const target = isAppUrl(request.url) ? request.url.slice(request.url.indexOf('/', 'app://'.length)) : ''
  const path = request.method === 'GET' ? pathOfTarget(target) : undefined
  const file = path === undefined ? undefined : await readWindowFile(windowDir, path)
  const headers = windowHeaders('none')
  if (file === undefined) return new Response('not here', { status: 404, headers })
  return new Response(file.bytes, { headers: { ...headers, 'Content-Type': file.type } })
}
