/** Which field of a call the API rejected, where its answer names one. */
import { readJson } from '../../../shared/json.ts'

const MAX_LENGTH = 200
/** Where a name of FastAPI's `loc` begins: what comes first is the part of the request. */
const PARTS = new Set(['body', 'query', 'path', 'header', 'cookie'])

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `["body", "items", 0, "title"]` is `items.0.title`. */
function nameOf(loc: unknown): string | undefined {
  if (!Array.isArray(loc)) return undefined
  const steps = (loc as readonly unknown[]).filter((s) => typeof s === 'string' || typeof s === 'number')
  const names = PARTS.has(String(steps[0])) ? steps.slice(1) : steps
  return names.some((step) => typeof step === 'string') ? names.join('.') : undefined
}

/** `{"field": …}`, or the first `{"detail": [{"loc": […]}]}`. */
export function rejectedField(answer: string): string | undefined {
  const json = readJson(answer)
  if (!isObject(json)) return undefined
  const { field, detail } = json
  const named = typeof field === 'string' && field !== '' ? field : undefined
  const located = Array.isArray(detail)
    ? (detail as readonly unknown[]).map((one) => (isObject(one) ? nameOf(one['loc']) : undefined))
    : []
  return (named ?? located.find((name) => name !== undefined))?.slice(0, MAX_LENGTH)
}
