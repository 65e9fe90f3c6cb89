/** `GET /`: what this is, for whoever opens the address in a browser. */
import type { Answer, StoreFault } from './store.ts'

const PATHS = ['/health', '/api/coord/status', '/api/coord/openapi.json'] as const

const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)

/** A page without script, or JSON for a program. */
export function rootAnswer(fault: StoreFault | undefined, wantsPage: boolean): Answer {
  const status = fault === undefined ? 'ok' : 'degraded'
  if (!wantsPage)
    return {
      status: 200,
      body: JSON.stringify({ service: 'coord', status, document: '/api/coord/openapi.json' }),
    }
  const how =
    fault === undefined
      ? 'It is up, and its database is connected.'
      : `It is up, and its database is not: ${escape(fault.message)}`
  return {
    status: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Coordination API</title>
<main>
<h1>Coordination API</h1>
<p>This is the coordination API of Coord Tray: AI coding sessions claim resource locks, send messages and say how components and
workflows stand. It is for programs; pages of other sites may not use it.</p>
<p><strong>${status}</strong>. ${how}</p>
<ul>
${PATHS.map((path) => `<li><a href="${path}">${path}</a></li>`).join('\n')}
</ul>
<p>In a terminal: <code>coord status</code>, <code>coord locks</code>, <code>coord messages</code>, <code>coord doctor</code>.</p>
</main>
</html>
`,
  }
}
