/** What a coordination API may offer beyond its protocol; it names them in `/health` as `extensions`. */

export const extensions = [
  /** `?limit=`, `?order=oldest|newest`, `Link: …; rel="next"` by key. */
  'pages',
  /** `?for_machine=M` on messages and locks. */
  'for_machine',
  /** `ETag` on each list, `If-None-Match` → 304. */
  'etag',
  /** `PUT locks/ID/renew?session_id=` */
  'renew',
  /** `fence` in a lock. */
  'fence',
  /** `POST locks?wait=S` */
  'wait',
  /** `DELETE locks/ID?session_id=HOLDER&if_stale=true`, `released_by`. */
  'if_stale',
  /** A lock's resource that ends in `/`, or has `*`, `?`, covers others. */
  'overlap',
  /** `reply_to` in a message. */
  'reply_to',
  /** `expires_at` in a message. */
  'expires_at',
  /** `GET messages/ID/receipts` */
  'receipts',
  /** `assignee` of a work item. */
  'assignee',
  /** `PATCH work-items/ID {"status", "expected_status"}`: 409 with the row where it differs. */
  'expected_status',
  /** `GET events` (Server-Sent Events). */
  'events',
] as const
export type Extension = (typeof extensions)[number]

/** The request header that asks `/health` for its `proof`. */
export const CHALLENGE_HEADER = 'x-coord-challenge'
