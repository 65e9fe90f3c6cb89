/** The two ways to set a component's state: names in the body, or in the path. A server may know only one. */
import type { Call } from '../../shared/call.ts'
import { toRawText } from '../words.ts'

const BASE = '/api/coord/components'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** The same call, as one line, in the form that it does not have; undefined where it is no component call. */
export function toOtherForm(call: Pick<Call, 'method' | 'path' | 'raw'>): string | undefined {
  if (call.method !== 'PUT' || call.path === null) return undefined
  const { text, isText } = toRawText(call.raw)
  let line: unknown
  try {
    line = isText ? JSON.parse(text) : undefined
  } catch {
    return undefined
  }
  if (!isObject(line) || line['method'] !== call.method || line['path'] !== call.path) return undefined
  const body = line['body'] ?? {}
  if (!isObject(body)) return undefined
  const [bare = '', query] = call.path.split('?', 2)
  const tail = query === undefined ? '' : `?${query}`
  if (bare === BASE || bare === `${BASE}/`) {
    const { project_key, component, ...rest } = body
    if (!isName(project_key) || !isName(component)) return undefined
    const path = `${BASE}/${encodeURIComponent(project_key)}/${encodeURIComponent(component)}${tail}`
    return JSON.stringify({ ...line, path, body: rest })
  }
  const named = /^\/api\/coord\/components\/([^/]+)\/([^/]+)\/?$/.exec(bare)
  if (!named) return undefined
  try {
    const project_key = decodeURIComponent(named[1] ?? '')
    const component = decodeURIComponent(named[2] ?? '')
    return JSON.stringify({ ...line, path: BASE + tail, body: { ...body, project_key, component } })
  } catch {
    return undefined
  }
}
