/** The embedded database's tables, as migrations by version (`user_version`). Never edit one that was released. */

/** Marks a file as ours, so that another program's database is never changed ("Coor"). */
export const APPLICATION_ID = 0x436f6f72

/**
 * Step n takes version n to n + 1. Times are milliseconds since 1970. Text columns also hold blobs: JSON text of
 * strings that UTF-8 cannot carry (lone surrogates), see rows.ts. The functions `session_key`, `machine_key`,
 * `resource_key` and `is_pattern` are ours (open.ts): names as they are compared.
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
  `
  ALTER TABLE messages ADD COLUMN to_key TEXT;
  ALTER TABLE messages ADD COLUMN from_key TEXT NOT NULL DEFAULT '';
  ALTER TABLE messages ADD COLUMN machine TEXT;
  ALTER TABLE messages ADD COLUMN reply_to TEXT;
  ALTER TABLE messages ADD COLUMN expires_at INTEGER;
  DROP INDEX messages_to;
  DROP INDEX messages_unread;
  DROP INDEX broadcasts_age;
  UPDATE messages SET to_key = session_key(to_session), from_key = session_key(from_session), machine = machine_key(to_session);
  CREATE INDEX messages_to ON messages (to_key, seq) WHERE to_key IS NOT NULL;
  CREATE INDEX messages_to_unread ON messages (to_key, seq, expires_at) WHERE to_key IS NOT NULL AND read_at IS NULL;
  CREATE INDEX messages_of_machine ON messages (machine, seq) WHERE machine IS NOT NULL;
  CREATE INDEX messages_of_machine_unread ON messages (machine, seq) WHERE machine IS NOT NULL AND read_at IS NULL;
  CREATE INDEX messages_of_project ON messages (project_key, seq) WHERE project_key IS NOT NULL;
  CREATE INDEX messages_of_project_unread ON messages (project_key, seq) WHERE project_key IS NOT NULL AND read_at IS NULL;
  CREATE INDEX messages_unread ON messages (seq) WHERE read_at IS NULL;
  CREATE INDEX messages_expiring ON messages (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX broadcasts ON messages (seq) WHERE to_key IS NULL;
  CREATE INDEX broadcasts_unread ON messages (seq) WHERE to_key IS NULL AND read_at IS NULL;
  CREATE INDEX broadcasts_from ON messages (from_key, seq) WHERE to_key IS NULL AND read_at IS NULL;
  CREATE INDEX broadcasts_of_project ON messages (project_key, seq) WHERE to_key IS NULL AND project_key IS NOT NULL;
  CREATE INDEX broadcasts_of_project_unread ON messages (project_key, seq)
    WHERE to_key IS NULL AND project_key IS NOT NULL AND read_at IS NULL;

  ALTER TABLE message_marks RENAME TO old_marks;
  CREATE TABLE message_marks (
    message_id TEXT NOT NULL,
    session_key TEXT NOT NULL,
    session_id TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, session_key)
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO message_marks
    SELECT message_id, session_key(session_id), session_id, read_at FROM old_marks ORDER BY read_at;
  DROP TABLE old_marks;
  CREATE INDEX marks_of_session ON message_marks (session_key);

  ALTER TABLE locks ADD COLUMN session_key TEXT NOT NULL DEFAULT '';
  ALTER TABLE locks ADD COLUMN machine TEXT NOT NULL DEFAULT '';
  ALTER TABLE locks ADD COLUMN resource_key TEXT NOT NULL DEFAULT '';
  ALTER TABLE locks ADD COLUMN is_pattern INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE locks ADD COLUMN was_refused INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE locks ADD COLUMN released_by TEXT;
  UPDATE locks SET session_key = session_key(session_id), machine = machine_key(session_id), resource_key = resource_key(resource),
    is_pattern = is_pattern(resource),
    was_refused = EXISTS (SELECT 1 FROM lock_refusals r WHERE r.lock_id = locks.id);
  DROP INDEX locks_of_session;
  CREATE INDEX locks_of_session ON locks (session_key, project_key) WHERE released_at IS NULL;
  CREATE INDEX locks_of_machine ON locks (machine, seq) WHERE released_at IS NULL;
  CREATE INDEX locks_of_project ON locks (project_key, seq) WHERE released_at IS NULL;
  CREATE INDEX locks_of_resource ON locks (resource, seq) WHERE released_at IS NULL;
  CREATE INDEX locks_patterns ON locks (project_key) WHERE released_at IS NULL AND is_pattern = 1;
  CREATE INDEX locks_keys ON locks (project_key, resource_key) WHERE released_at IS NULL;

  ALTER TABLE components RENAME TO old_components;
  CREATE TABLE components (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    project_key TEXT NOT NULL,
    component TEXT NOT NULL,
    state TEXT NOT NULL,
    version TEXT,
    notes TEXT,
    updated_by TEXT,
    updated_at INTEGER NOT NULL,
    effective_at INTEGER NOT NULL,
    UNIQUE (project_key, component)
  );
  INSERT INTO components (project_key, component, state, version, notes, updated_by, updated_at, effective_at)
    SELECT project_key, component, state, version, notes, updated_by, updated_at, effective_at FROM old_components
    ORDER BY project_key, component;
  DROP TABLE old_components;
  CREATE INDEX components_recent ON components (updated_at);
  CREATE INDEX components_of_project ON components (project_key, seq);

  ALTER TABLE work_items ADD COLUMN assignee TEXT;
  CREATE INDEX work_items_of_status ON work_items (status, seq);
  CREATE INDEX workflows_of_status ON workflows (status, seq);

  ALTER TABLE call_keys ADD COLUMN message_id TEXT;

  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    act TEXT NOT NULL,
    project_key TEXT,
    id TEXT NOT NULL,
    machine TEXT,
    at INTEGER NOT NULL
  );
  CREATE TABLE versions (kind TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO versions VALUES ('locks', 0), ('messages', 0), ('components', 0), ('workflows', 0), ('work-items', 0);

  CREATE TABLE counters (name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO counters
    SELECT 'unread_direct', count(*) FROM messages WHERE to_key IS NOT NULL AND read_at IS NULL
    UNION ALL SELECT 'unread_broadcasts', count(*) FROM messages WHERE to_key IS NULL AND read_at IS NULL;
  CREATE TRIGGER unread_sent AFTER INSERT ON messages WHEN new.read_at IS NULL BEGIN
    UPDATE counters SET n = n + 1 WHERE name = iif(new.to_key IS NULL, 'unread_broadcasts', 'unread_direct');
  END;
  CREATE TRIGGER unread_read AFTER UPDATE OF read_at ON messages WHEN old.read_at IS NULL AND new.read_at IS NOT NULL BEGIN
    UPDATE counters SET n = n - 1 WHERE name = iif(new.to_key IS NULL, 'unread_broadcasts', 'unread_direct');
  END;
  CREATE TRIGGER unread_gone AFTER DELETE ON messages WHEN old.read_at IS NULL BEGIN
    UPDATE counters SET n = n - 1 WHERE name = iif(old.to_key IS NULL, 'unread_broadcasts', 'unread_direct');
  END;

  CREATE TABLE identity (only INTEGER PRIMARY KEY CHECK (only = 1), file_id TEXT NOT NULL);
  INSERT INTO identity VALUES (1, lower(hex(randomblob(16))));
  `,
  `
  CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    machine TEXT NOT NULL,
    machine_key TEXT NOT NULL,
    is_admin INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    caller TEXT,
    act TEXT NOT NULL,
    session_id TEXT,
    what TEXT NOT NULL
  );
  `,
  // What an answer said in a header is told again with it.
  `ALTER TABLE call_keys ADD COLUMN headers TEXT`,
]

/** The version this program reads and writes. */
export const SCHEMA_VERSION = migrations.length
