/** What an answer to a replayed call means (DESIGN 5, "What an answer means"). Pure: the follow-up questions are the drain's. */
import { readJson } from '../../../shared/json.ts'
import type { HttpOutcome } from '../ports.ts'
import { retryAfterMs } from './retry-after.ts'

export type Verdict =
  | { readonly kind: 'delivered'; readonly status: number }
  /** Nothing left this machine. */
  | { readonly kind: 'offline'; readonly detail: string }
  /** May have been applied. */
  | { readonly kind: 'in-doubt'; readonly detail: string }
  /** Not applied; the API asks us to wait. */
  | { readonly kind: 'wait'; readonly status: number; readonly waitMs: number; readonly detail: string }
  /** The API has trouble; back off, and count towards setting this call aside. */
  | { readonly kind: 'trouble'; readonly status: number; readonly detail: string }
  /** Rejected, perhaps because this is not our API, or because the target is gone: look at the resource locks first. */
  | { readonly kind: 'ask'; readonly status: number; readonly detail: string }
  | { readonly kind: 'conflict'; readonly status: number; readonly detail: string }
  | { readonly kind: 'aside'; readonly status: number; readonly detail: string }
  | { readonly kind: 'wrong-answer'; readonly status: number; readonly detail: string }

const ASK = new Set([401, 403, 404, 405, 407, 410])

/** An answer's body as a sentence: its `detail`, or its first 300 characters. */
export function sayBody(body: string): string {
  const parsed = readJson(body)
  if (typeof parsed === 'object' && parsed !== null) {
    const detail: unknown =
      (parsed as Record<string, unknown>)['detail'] ?? (parsed as Record<string, unknown>)['error']
    if (detail !== undefined)
      return (typeof detail === 'string' ? detail : JSON.stringify(detail)).slice(0, 300)
  }
  return body.trim().slice(0, 300)
}

/** Whether a 2xx answer looks like the API: JSON or empty. */
export function looksLikeApi(text: string, contentType: string | undefined, isCut: boolean): boolean {
  const type = (contentType ?? '').toLowerCase()
  if (type.includes('html')) return false
  const body = text.trim()
  if (body === '') return true
  if (isCut) return type.includes('json') && /^[[{]/.test(body)
  return readJson(body) !== undefined
}

export function classify(outcome: HttpOutcome): Verdict {
  if (outcome.kind === 'unreachable') return { kind: 'offline', detail: outcome.detail }
  if (outcome.kind === 'in-doubt') return { kind: 'in-doubt', detail: outcome.detail }
  const { status, headers, text } = outcome
  const said = sayBody(text)
  const detail = `the API answered ${status}${said === '' ? '' : `: ${said}`}`
  if (status >= 200 && status < 300) {
    return looksLikeApi(text, headers['content-type'], outcome.isCut)
      ? { kind: 'delivered', status }
      : {
          kind: 'wrong-answer',
          status,
          detail: `the answer (${status}) is a page or text, not the coordination API's JSON`,
        }
  }
  if (status >= 300 && status < 400)
    return {
      kind: 'wrong-answer',
      status,
      detail: `the address redirects (${status}${headers['location'] ? ` to ${headers['location'].slice(0, 200)}` : ''}); redirects are not followed`,
    }
  if (status === 503 || status === 429) {
    const waitMs = retryAfterMs(headers, text)
    return waitMs === undefined
      ? { kind: 'trouble', status, detail }
      : { kind: 'wait', status, waitMs, detail }
  }
  if (status === 501) return { kind: 'aside', status, detail }
  if (status >= 500 || status === 408 || status === 425) return { kind: 'trouble', status, detail }
  if (ASK.has(status)) return { kind: 'ask', status, detail }
  if (status === 409) return { kind: 'conflict', status, detail }
  if (status >= 400) return { kind: 'aside', status, detail }
  return { kind: 'wrong-answer', status, detail: `the answer has status ${status}` }
}
