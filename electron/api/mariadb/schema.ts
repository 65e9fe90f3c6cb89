/** MariaDB's tables, as migrations by version (`meta.version`). Never edit one that was released. */

const TABLE = 'ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin'

/** Marks a database as ours, so that another program's is never changed. */
export const APPLICATION = 'coord-tray'
/** Rows that count together: writers of one kind seldom meet on one. */
export const SHARDS = 64

/** What a held lock and a released one have in common. */
const LOCK = `
    id VARCHAR(64) NOT NULL,
    project_key TEXT NOT NULL,
    session_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    description MEDIUMTEXT,
    ttl_hours DOUBLE NOT NULL,
    acquired_at DATETIME(3) NOT NULL,
    last_activity_at DATETIME(3) NOT NULL,
    expires_at DATETIME(3)`

/**
 * Step n takes version n to n + 1; each statement may be repeated, since MariaDB commits each by itself. Text columns also hold
 * JSON of strings that UTF-8 cannot carry, `_h` columns hashes of names as they are compared: see rows.ts. Times are UTC.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    // The hash is the key: a unique index over two long texts is none that MariaDB keeps in order.
    `CREATE TABLE IF NOT EXISTS held_locks (
    h BINARY(32) NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL AUTO_INCREMENT,${LOCK},
    project_h BINARY(16) NOT NULL,
    session_h BINARY(16) NOT NULL,
    machine_h BINARY(16) NOT NULL,
    resource_key TEXT NOT NULL,
    is_pattern TINYINT NOT NULL,
    was_refused TINYINT NOT NULL DEFAULT 0,
    UNIQUE KEY held_seq (seq),
    UNIQUE KEY held_id (id),
    KEY held_of_project (project_h, seq),
    KEY held_of_machine (machine_h, seq),
    KEY held_of_session (session_h, project_h),
    KEY held_keys (project_h, resource_key(190)),
    KEY held_patterns (project_h, is_pattern),
    KEY held_resource (resource(190)),
    KEY held_expiring (expires_at)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS released_locks (
    seq BIGINT NOT NULL PRIMARY KEY,${LOCK},
    released_at DATETIME(3) NOT NULL,
    released_by TEXT,
    UNIQUE KEY released_id (id),
    KEY released_age (released_at)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS lock_refusals (
    lock_id VARCHAR(64) NOT NULL,
    session_h BINARY(16) NOT NULL,
    session_id TEXT NOT NULL,
    at DATETIME(3) NOT NULL,
    PRIMARY KEY (lock_id, session_h)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS gates (project_h BINARY(16) NOT NULL PRIMARY KEY, n BIGINT NOT NULL) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS components (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    h BINARY(32) NOT NULL,
    project_key TEXT NOT NULL,
    project_h BINARY(16) NOT NULL,
    component TEXT NOT NULL,
    state TEXT NOT NULL,
    version MEDIUMTEXT,
    notes MEDIUMTEXT,
    updated_by TEXT,
    updated_at DATETIME(3) NOT NULL,
    effective_at DATETIME(3) NOT NULL,
    UNIQUE KEY components_h (h),
    KEY components_of_project (project_h, seq),
    KEY components_recent (updated_at)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS workflows (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id VARCHAR(64) NOT NULL,
    project_key TEXT NOT NULL,
    project_h BINARY(16) NOT NULL,
    name TEXT NOT NULL,
    description MEDIUMTEXT,
    status TEXT NOT NULL,
    status_h BINARY(16) NOT NULL,
    is_active TINYINT NOT NULL,
    created_by TEXT,
    created_at DATETIME(3) NOT NULL,
    updated_at DATETIME(3) NOT NULL,
    UNIQUE KEY workflows_id (id),
    KEY workflows_of_project (project_h, seq),
    KEY workflows_of_status (status_h, seq),
    KEY workflows_active (is_active, seq)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS work_items (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id VARCHAR(64) NOT NULL,
    workflow_id VARCHAR(64) NOT NULL,
    project_key TEXT NOT NULL,
    project_h BINARY(16) NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    status_h BINARY(16) NOT NULL,
    priority DOUBLE,
    assignee TEXT,
    created_at DATETIME(3) NOT NULL,
    updated_at DATETIME(3) NOT NULL,
    UNIQUE KEY items_id (id),
    KEY items_of_workflow (workflow_id, seq),
    KEY items_of_project (project_h, seq),
    KEY items_of_status (status_h, seq)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS messages (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    id VARCHAR(64) NOT NULL,
    from_session TEXT NOT NULL,
    from_h BINARY(16) NOT NULL,
    to_session TEXT,
    to_h BINARY(16),
    machine_h BINARY(16),
    project_key TEXT,
    project_h BINARY(16),
    subject TEXT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    size INT NOT NULL,
    reply_to TEXT,
    created_at DATETIME(3) NOT NULL,
    read_at DATETIME(3),
    expires_at DATETIME(3),
    UNIQUE KEY messages_id (id),
    KEY messages_to (to_h, seq),
    KEY messages_to_unread (to_h, read_at, seq),
    KEY messages_of_machine (machine_h, seq),
    KEY messages_of_machine_unread (machine_h, read_at, seq),
    KEY messages_of_project (project_h, seq),
    KEY messages_of_project_unread (project_h, read_at, seq),
    KEY messages_unread (read_at, seq),
    KEY messages_from (from_h, to_h, read_at),
    KEY messages_expiring (expires_at)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS message_marks (
    message_id VARCHAR(64) NOT NULL,
    session_h BINARY(16) NOT NULL,
    session_id TEXT NOT NULL,
    read_at DATETIME(3) NOT NULL,
    PRIMARY KEY (message_id, session_h),
    KEY marks_of_session (session_h)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS call_keys (
    h BINARY(32) NOT NULL PRIMARY KEY,
    fingerprint VARCHAR(64) NOT NULL,
    status SMALLINT NOT NULL,
    body MEDIUMTEXT NOT NULL,
    message_id VARCHAR(64),
    at DATETIME(3) NOT NULL,
    KEY call_keys_age (at)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS changes (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    kind VARCHAR(32) NOT NULL,
    act VARCHAR(32) NOT NULL,
    project_key TEXT,
    id TEXT NOT NULL,
    machine TEXT,
    at DATETIME(3) NOT NULL
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS counters (
    name VARCHAR(32) NOT NULL,
    shard SMALLINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (name, shard)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS probe (only_one TINYINT NOT NULL PRIMARY KEY, at DATETIME(3) NOT NULL) ${TABLE}`,
    `INSERT IGNORE INTO probe VALUES (1, '1970-01-01')`,
  ],
  [
    `CREATE TABLE IF NOT EXISTS tokens (
    hash VARCHAR(64) NOT NULL PRIMARY KEY,
    machine TEXT NOT NULL,
    machine_h BINARY(16) NOT NULL,
    is_admin TINYINT NOT NULL,
    created_at DATETIME(3) NOT NULL,
    revoked_at DATETIME(3),
    KEY tokens_of_machine (machine_h)
  ) ${TABLE}`,
    `CREATE TABLE IF NOT EXISTS audit (
    seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at DATETIME(3) NOT NULL,
    caller TEXT,
    act VARCHAR(32) NOT NULL,
    session_id TEXT,
    what TEXT NOT NULL
  ) ${TABLE}`,
  ],
  // The key itself, so that a copy into another database keeps it.
  ['ALTER TABLE call_keys ADD COLUMN IF NOT EXISTS `key` VARCHAR(255)'],
  // What an answer said in a header is told again with it.
  ['ALTER TABLE call_keys ADD COLUMN IF NOT EXISTS headers TEXT'],
]

/** The version this program reads and writes. */
export const SCHEMA_VERSION = migrations.length
