/** What an answer to a replayed call means. Pure: the follow-up questions are the drain's. */
import { readJson } from '../../../shared/json.ts'
import type { EpochMs } from '../../../shared/time.ts'
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
  /** Not the API, or (`unproven`) not this user's: nothing more is sent there. */
  | {
      readonly kind: 'wrong-answer'
      readonly status: number
      readonly detail: string
      readonly why?: 'unproven'
    }

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

/** `now`: the local clock, for a `Retry-After` that names a date. */
export function classify(outcome: HttpOutcome, now: EpochMs): Verdict {
  if (outcome.kind === 'unreachable')
    return outcome.why === 'unproven'
      ? { kind: 'wrong-answer', status: 0, detail: outcome.detail, why: 'unproven' }
      : { kind: 'offline', detail: outcome.detail }
  if (outcome.kind === 'in-doubt') return { kind: 'in-doubt', detail: outcome.detail }
  const { status, headers, text } = outcome
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
  // what is accepted needs no words: its body is parsed once, and that may be a long list
  const said = sayBody(text)
  const detail = `the API answered ${status}${said === '' ? '' : `: ${said}`}`
  if (status === 503 || status === 429) {
    const waitMs = retryAfterMs(headers, text, now)
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

/** Nobody answers there (for us), or the API is in trouble or asks to wait: it says nothing about what was asked. */
export function isAway(outcome: HttpOutcome): boolean {
  if (outcome.kind !== 'answer') return true
  const { kind } = classify(outcome, 0)
  return kind === 'wait' || kind === 'trouble'
}

/**
 * Not the call's own fault: it may be kept and sent later. Also where the address redirects or wants another token, for a
 * person can put that right.
 */
export const mayBeKept = (outcome: HttpOutcome): boolean =>
  isAway(outcome) ||
  (outcome.kind === 'answer' &&
    ((outcome.status >= 300 && outcome.status < 400) || outcome.status === 401 || outcome.status === 407))

/** What came back, in the API's own words where it gave some; at most 300 characters. */
export function sayOutcome(outcome: HttpOutcome): string {
  if (outcome.kind !== 'answer') return outcome.detail
  return sayBody(outcome.text) || `the API answered ${outcome.status}`
}
