/** What this server does beyond the protocol's source, as `/health` says it. A client must do without any of them. */
export const EXTENSIONS = [
  'pages',
  'for_machine',
  'etag',
  'renew',
  'fence',
  'if_stale',
  'overlap',
  'reply_to',
  'expires_at',
  'receipts',
  'assignee',
  'expected_status',
] as const
