/** Denies what the window has no use for: permissions, navigation, popups, foreign requests, foreign senders. */
import type { App, WebContents, WebFrameMain } from 'electron'
import { isAppUrl } from '../bridge/window-origin.ts'
import type { SessionPart } from './electron-parts.ts'

/** The main frame of the window, on our own page, and nobody else. */
export function isTrustedSender(
  event: { readonly senderFrame: Pick<WebFrameMain, 'url'> | null },
  contents: { readonly mainFrame: unknown } | undefined,
): boolean {
  const frame = event.senderFrame
  return frame !== null && contents !== undefined && frame === contents.mainFrame && isAppUrl(frame.url)
}

type GuardedContents = Pick<WebContents, 'on' | 'setWindowOpenHandler'>

export function guardContents(contents: GuardedContents): void {
  const deny = (event: { preventDefault(): void }, url?: string): void => {
    if (url === undefined || !isAppUrl(url)) event.preventDefault()
  }
  contents.on('will-navigate', (event, url) => deny(event, url))
  contents.on('will-redirect', (event, url) => deny(event, url))
  contents.on('will-frame-navigate', (event) => deny(event, event.url))
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}

/** Every page of the process, also one that this program did not mean to open. */
export const guardApp = (app: Pick<App, 'on'>): void =>
  void app.on('web-contents-created', (_event, contents) => guardContents(contents))

export function guardSession(session: Omit<SessionPart, 'protocol'>): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setSpellCheckerDictionaryDownloadURL('app://none/')
  session.on('will-download', (event) => event.preventDefault())
  session.webRequest.onBeforeRequest((details, answer) =>
    answer({ cancel: !/^(app|devtools|data):/.test(details.url) }),
  )
}
