/** Which columns of a stored row are answered as times and as numbers, on either database. */

export const TIMES: ReadonlySet<string> = new Set([
  'acquired_at',
  'last_activity_at',
  'expires_at',
  'created_at',
  'updated_at',
  'effective_at',
  'read_at',
  'at',
])
export const NUMBERS: ReadonlySet<string> = new Set(['ttl_hours', 'priority', 'fence'])
