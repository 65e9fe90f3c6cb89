/** Serves dist/window as app://window/…: files of that folder, with the security headers, and nothing else. */
import { readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { APP_HOST, WINDOW_CSP } from './security.ts'

const MIME: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
}

/** The file that a URL names, or null where it would leave the folder. */
export function resolveAsset(dir: string, url: string): string | null {
  try {
    const { host, pathname } = new URL(url)
    const path = decodeURIComponent(pathname)
    if (host !== APP_HOST || /[\0\\]|(^|\/)\.\.?(\/|$)/.test(path)) return null
    const file = join(dir, path === '/' ? 'index.html' : path)
    return file.startsWith(dir.endsWith(sep) ? dir : dir + sep) && extname(file) in MIME ? file : null
  } catch {
    return null
  }
}

export async function serveAsset(
  dir: string,
  request: { readonly url: string; readonly method: string },
): Promise<Response> {
  const file = request.method === 'GET' ? resolveAsset(dir, request.url) : null
  if (file === null) return new Response('not here', { status: 404 })
  try {
    return new Response(new Uint8Array(await readFile(file)), {
      headers: {
        'Content-Type': MIME[extname(file)] ?? 'application/octet-stream',
        'Content-Security-Policy': WINDOW_CSP,
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
      },
    })
  } catch {
    return new Response('not here', { status: 404 })
  }
}
