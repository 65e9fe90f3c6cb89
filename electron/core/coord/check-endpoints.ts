/** The part of the self-test that asks the API: what `coord doctor` prints and the window's Check view shows. */
import type { Finding } from '../../../shared/protocol.ts'
import {
  componentRow,
  decodeRows,
  lockRow,
  messageRow,
  workflowRow,
  workItemRow,
} from '../../../shared/wire.ts'

export type Asked =
  | { readonly kind: 'answer'; readonly status: number; readonly json: unknown }
  | { readonly kind: 'away'; readonly detail: string }
export type AskApi = (path: string) => Promise<Asked>

const OTHER_PROTOCOL = 'This server speaks another protocol there; that view stays empty.'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Each endpoint's shape. The lists of workflows and work items are not in the protocol: a server may have none. */
export async function checkEndpoints(ask: AskApi): Promise<readonly Finding[]> {
  const out: Finding[] = []
  const health = await ask('/health')
  const isHealth =
    health.kind === 'answer' && isObject(health.json) && typeof health.json['status'] === 'string'
  out.push({
    check: 'health',
    isWell: isHealth,
    detail: isHealth
      ? `says ${JSON.stringify((health as { json: { status: string } }).json.status)}`
      : failureOf(health),
    fix: isHealth ? null : 'Look at the server: it must answer GET /health with a status.',
  })

  let workflow: string | null = null
  const lists = [
    ['locks', '/api/coord/locks', lockRow, true],
    ['messages', '/api/coord/messages?unread_only=true', messageRow, true],
    ['components', '/api/coord/components', componentRow, true],
    ['workflows', '/api/coord/workflows', workflowRow, false],
  ] as const
  for (const [name, path, schema, isNeeded] of lists) {
    const answer = await ask(path)
    const rows = isFine(answer) ? decodeRows(answer.json, name, schema) : undefined
    if (name === 'workflows' && rows) workflow = (rows.rows[0] as { id?: string } | undefined)?.id ?? null
    out.push(listFinding(name, answer, rows, isNeeded))
  }
  if (workflow !== null) {
    const answer = await ask(`/api/coord/work-items?workflow_id=${encodeURIComponent(workflow)}`)
    const rows = isFine(answer) ? decodeRows(answer.json, 'work_items', workItemRow) : undefined
    out.push(listFinding('work items', answer, rows, false))
  }
  const status = await ask('/api/coord/status')
  const isStatus = isFine(status) && isObject(status.json)
  out.push({
    check: 'overview',
    isWell: isStatus,
    detail: isStatus ? 'answers' : failureOf(status),
    fix: isStatus ? null : OTHER_PROTOCOL,
  })
  return out
}

const isFine = (answer: Asked): answer is Asked & { kind: 'answer' } =>
  answer.kind === 'answer' && answer.status >= 200 && answer.status < 300

const failureOf = (answer: Asked): string =>
  answer.kind === 'away'
    ? answer.detail
    : answer.status >= 200 && answer.status < 300
      ? 'answers in another shape'
      : `answers ${answer.status}`

function listFinding(
  name: string,
  answer: Asked,
  rows: { readonly rows: readonly unknown[]; readonly unreadable: number } | undefined,
  isNeeded: boolean,
): Finding {
  const isWell = rows ? rows.unreadable === 0 : isNeeded ? false : null
  const detail = rows
    ? `${rows.rows.length} ${rows.rows.length === 1 ? 'row' : 'rows'}${rows.unreadable > 0 ? `, ${rows.unreadable} unreadable` : ''}`
    : failureOf(answer)
  return {
    check: `list of ${name}`,
    isWell,
    detail,
    fix: rows
      ? rows.unreadable > 0
        ? 'The readable rows are shown; the log says which were not.'
        : null
      : OTHER_PROTOCOL,
  }
}
