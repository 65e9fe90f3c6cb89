/** `GET /`: what this is and what it has, for whoever opens the address in a browser. Read-only, without scripts. */
import { createHash } from 'node:crypto'
import type { Answer, Overview, StoreFault } from './store.ts'

const PATHS = ['/health', '/metrics', '/api/coord/status', '/api/coord/openapi.json'] as const
const REFRESH_S = 15

const STYLE = `:root{font:15px/1.5 system-ui,sans-serif;color-scheme:light dark}body{margin:2rem auto;max-width:72rem;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:0 0 2rem}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8885;vertical-align:top;overflow-wrap:anywhere}
th{font-weight:600}caption{text-align:left;font-weight:600;font-size:1.1rem;padding:.5rem 0}`
const CSP = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`

const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)

type Rows = readonly Readonly<Record<string, unknown>>[]
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

function table(caption: string, columns: readonly string[], json: string): string {
  const rows = JSON.parse(json) as Rows
  const head = columns.map((name) => `<th scope="col">${name.replaceAll('_', ' ')}</th>`).join('')
  const body = rows.map(
    (row) => `<tr>${columns.map((name) => `<td>${escape(textOf(row[name]))}</td>`).join('')}</tr>`,
  )
  return rows.length === 0
    ? `<p>${caption}: none.</p>`
    : `<table><caption>${caption} (${rows.length})</caption><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table>`
}

const overviewOf = ({ locks, components, workflows, unreadCount }: Overview): string =>
  [
    `<p>Unread messages: ${unreadCount}.</p>`,
    table(
      'Resource locks',
      [
        'project_key',
        'resource',
        'session_id',
        'description',
        'acquired_at',
        'last_activity_at',
        'expires_at',
      ],
      locks.rows,
    ),
    table(
      'Components',
      ['project_key', 'component', 'state', 'version', 'updated_by', 'updated_at'],
      components.rows,
    ),
    table('Active workflows', ['project_key', 'name', 'status', 'created_by', 'updated_at'], workflows.rows),
  ].join('\n')

/** A page without script, or JSON for a program. `overview`: what the database has, where it can be used. */
export function rootAnswer(
  fault: StoreFault | undefined,
  wantsPage: boolean,
  overview: Overview | undefined,
): Answer {
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
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': CSP,
      Refresh: String(REFRESH_S),
    },
    body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Coordination API</title>
<style>${STYLE}</style>
<main>
<h1>Coordination API</h1>
<p>This is the coordination API of Coord Tray: AI coding sessions claim resource locks, send messages and say how components and
workflows stand. It is for programs; pages of other sites may not use it. This page shows what it has, and changes nothing.</p>
<p><strong>${status}</strong>. ${how}</p>
${overview === undefined ? '' : overviewOf(overview)}
<ul>
${PATHS.map((path) => `<li><a href="${path}">${path}</a></li>`).join('\n')}
</ul>
<p>In a terminal: <code>coord status</code>, <code>coord locks</code>, <code>coord messages</code>, <code>coord doctor</code>.</p>
</main>
</html>
`,
  }
}
