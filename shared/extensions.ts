/** What a coordination API may offer beyond its protocol; it names them in `/health` as `extensions`. */

export const extensions = [
  /** `?limit=`, `?order=oldest|newest`, `Link: …; rel="next"` by key. */
  'pages',
  /** `?for_machine=M` on messages and locks. */
  'for-machine',
  /** `ETag` on each list, `If-None-Match` → 304. */
  'etag',
  /** `PUT locks/ID/renew?session_id=` */
  'renew',
  /** `fence` in a lock. */
  'fence',
  /** `POST locks?wait=S` */
  'wait',
  /** `DELETE locks/ID?session_id=HOLDER&if_stale=true`, `released_by`. */
  'if-stale',
  /** A lock's resource that ends in `/`, or has `*`, `?`, covers others. */
  'overlap',
  /** `reply_to` in a message. */
  'reply-to',
  /** `expires_at` in a message. */
  'expires-at',
  /** `GET messages/ID/receipts` */
  'receipts',
  /** `assignee`, and `expected_status` in a PATCH of a work item. */
  'expected-status',
  /** `GET events` (Server-Sent Events). */
  'events',
] as const
export type Extension = (typeof extensions)[number]

/** The request header that asks `/health` for its `proof`. */
export const CHALLENGE_HEADER = 'x-coord-challenge'
