-- A database as version 1 of this program wrote it: made with a running server, dumped by SQLite. Never edit.
PRAGMA application_id = 1131376498;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE call_keys (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
INSERT INTO "call_keys" VALUES('k1','52e6635659a028c9dec5685c27814790e596df344b059fb7bb07f7469915f819',201,'{"id":"8d888a46-aa2a-47ad-91ce-e48e17ecfe83","from_session":"M/x","to_session":"M/a","project_key":"p","subject":"direct","body":"b \ud800 lone","created_at":"2026-11-26T22:09:58.136Z","read_at":null}',1795730998136);
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
INSERT INTO "components" VALUES('p','server','deployed','1','n','M/a',1795730998109,1795730998109);
CREATE TABLE lock_refusals (
    lock_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (lock_id, session_id)
  ) WITHOUT ROWID;
INSERT INTO "lock_refusals" VALUES('4c946a2e-7810-4b8e-8865-1639428e9705','M/b',1795730998089);
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
INSERT INTO "locks" VALUES(1,'4c946a2e-7810-4b8e-8865-1639428e9705','p','M/a','src/a.rs','d',0.0,1795730998074,1795730998183,NULL,NULL);
INSERT INTO "locks" VALUES(2,'e3c3df48-d67d-4d05-a131-dfe33b50b5e4','p','M/b','free',NULL,2.0,1795730998093,1795730998093,1795738198093,1795730998099);
CREATE TABLE message_marks (
    message_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, session_id)
  ) WITHOUT ROWID;
INSERT INTO "message_marks" VALUES('c8a95d50-573c-4706-b214-72477b8d3261','M/a',1795730998183);
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
INSERT INTO "messages" VALUES(1,'8d888a46-aa2a-47ad-91ce-e48e17ecfe83','M/x','M/a','p','direct',X'2262205C7564383030206C6F6E6522',1795730998136,NULL);
INSERT INTO "messages" VALUES(2,'c8a95d50-573c-4706-b214-72477b8d3261','M/x',NULL,'p','to all','b',1795730998149,NULL);
INSERT INTO "messages" VALUES(3,'2d2deae1-af8d-4af8-bb3d-b3c061f70797','M/x','M/a',NULL,'read','b',1795730998191,1795730998194);
CREATE TABLE probe (only INTEGER PRIMARY KEY CHECK (only = 1), at INTEGER NOT NULL);
INSERT INTO "probe" VALUES(1,0);
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
INSERT INTO "work_items" VALUES(1,'a2f53561-a43e-473a-a208-3b0695b39d1f','e66f147d-1860-4d12-8a82-8d9d99fa11db','p','t','pending',10.0,1795730998127,1795730998127);
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
INSERT INTO "workflows" VALUES(1,'e66f147d-1860-4d12-8a82-8d9d99fa11db','p','w','d','planning','M/a',1795730998119,1795730998119);
CREATE UNIQUE INDEX locks_held ON locks (project_key, resource) WHERE released_at IS NULL;
CREATE INDEX locks_of_session ON locks (session_id, project_key) WHERE released_at IS NULL;
CREATE INDEX locks_held_order ON locks (seq) WHERE released_at IS NULL;
CREATE INDEX locks_expiring ON locks (expires_at) WHERE released_at IS NULL AND expires_at IS NOT NULL;
CREATE INDEX locks_released ON locks (released_at) WHERE released_at IS NOT NULL;
CREATE INDEX components_recent ON components (updated_at);
CREATE INDEX workflows_of_project ON workflows (project_key, seq);
CREATE INDEX workflows_active ON workflows (seq) WHERE status NOT IN ('completed', 'cancelled');
CREATE INDEX work_items_of_workflow ON work_items (workflow_id, seq);
CREATE INDEX work_items_of_project ON work_items (project_key, seq);
CREATE INDEX messages_to ON messages (to_session, seq);
CREATE INDEX messages_unread ON messages (to_session, seq) WHERE read_at IS NULL;
CREATE INDEX messages_read ON messages (read_at) WHERE read_at IS NOT NULL;
CREATE INDEX broadcasts_age ON messages (created_at) WHERE to_session IS NULL;
CREATE INDEX call_keys_age ON call_keys (at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('locks',2);
INSERT INTO "sqlite_sequence" VALUES('workflows',1);
INSERT INTO "sqlite_sequence" VALUES('work_items',1);
INSERT INTO "sqlite_sequence" VALUES('messages',3);
COMMIT;
