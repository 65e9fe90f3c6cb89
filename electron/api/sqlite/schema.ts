/** The embedded database's tables, as migrations by version (`user_version`). Never edit one that was released. */

/** Marks a file as ours, so that another program's database is never changed ("Coor"). */
export const APPLICATION_ID = 0x436f6f72

/**
 * Step n takes version n to n + 1. Times are milliseconds since 1970. Text columns also hold blobs: JSON text of
 * strings that UTF-8 cannot carry (lone surrogates), see rows.ts.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE locks (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project_key TEXT NOT NULL,
    session_id TEXT NOT NULL,
    resource TEXT NOT NULL,
    description TEXT,
    ttl_hours REAL NOT NULL,
    acquired_at INTEGER NOT NULL,
    last_activity_at INTEGER NOT NULL,
    expires_at INTEGER,
    released_at INTEGER
  );
  CREATE UNIQUE INDEX locks_held ON locks (project_key, resource) WHERE released_at IS NULL;
  CREATE INDEX locks_of_session ON locks (session_id, project_key) WHERE released_at IS NULL;
  CREATE INDEX locks_held_order ON locks (seq) WHERE released_at IS NULL;
  CREATE INDEX locks_expiring ON locks (expires_at) WHERE released_at IS NULL AND expires_at IS NOT NULL;
  CREATE INDEX locks_released ON locks (released_at) WHERE released_at IS NOT NULL;

  CREATE TABLE lock_refusals (
    lock_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (lock_id, session_id)
  ) WITHOUT ROWID;

  CREATE TABLE components (
    project_key TEXT NOT NULL,
    component TEXT NOT NULL,
    state TEXT NOT NULL,
    version TEXT,
    notes TEXT,
    updated_by TEXT,
    updated_at INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    PRIMARY KEY (project_key, component)
  ) WITHOUT ROWID;
  CREATE INDEX components_recent ON components (updated_at);

  CREATE TABLE workflows (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project_key TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    status TEXT NOT NULL,
    created_by TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  );
  CREATE INDEX workflows_of_project ON workflows (project_key, seq);
  CREATE INDEX workflows_active ON workflows (seq) WHERE status NOT IN ('completed', 'cancelled');

  CREATE TABLE work_items (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workflow_id TEXT NOT NULL,
    project_key TEXT NOT NULL,
    title TEXT NOT NULL,
    status TEXT NOT NULL,
    priority REAL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  );
  CREATE INDEX work_items_of_workflow ON work_items (workflow_id, seq);
  CREATE INDEX work_items_of_project ON work_items (project_key, seq);

  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    from_session TEXT NOT NULL,
    to_session TEXT,
    project_key TEXT,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    read_at INTEGER
  );
  CREATE INDEX messages_to ON messages (to_session, seq);
  CREATE INDEX messages_unread ON messages (to_session, seq) WHERE read_at IS NULL;
  CREATE INDEX messages_read ON messages (read_at) WHERE read_at IS NOT NULL;
  CREATE INDEX broadcasts_age ON messages (created_at) WHERE to_session IS NULL;

  CREATE TABLE message_marks (
    message_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, session_id)
  ) WITHOUT ROWID;

  CREATE TABLE call_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX call_keys_age ON call_keys (at);

  CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER NOT NULL);
  INSERT INTO probe VALUES (1, 0);
  `,
]

/** The version this program reads and writes. */
export const SCHEMA_VERSION = migrations.length
