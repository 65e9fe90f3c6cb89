/** Where the window's page comes from, and what a page from there may do: the same words over Electron and in a browser. */

/** Electron's own scheme: no port that another program could listen on. */
export const APP_SCHEME = 'app'
const APP_HOST = 'window'
export const APP_URL = `${APP_SCHEME}://${APP_HOST}/index.html`

/** Whether an address is the window's, in Electron. By protocol and host, not `origin`: that is 'null' for schemes of one's own. */
export function isAppUrl(url: string): boolean {
  try {
    const { protocol, host } = new URL(url)
    return protocol === `${APP_SCHEME}:` && host === APP_HOST
  } catch {
    return false
  }
}

/**
 * The headers of each answer. `connectTo`: whom the page may ask by itself: `none` in Electron, where all data comes through the
 * preload, `self` in a browser.
 */
export const windowHeaders = (connectTo: 'none' | 'self'): Readonly<Record<string, string>> => ({
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src '${connectTo}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Cache-Control': 'no-store',
})
