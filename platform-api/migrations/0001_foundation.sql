-- The tables of src/foundation. Instants are UTC milliseconds.

-- One answer per write (foundation/idempotency.rs). expires_at is null where money moved.
CREATE TABLE idempotency_key (
    actor       TEXT   NOT NULL,
    route       TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    body_sha256 BYTEA  NOT NULL,
    status      BIGINT NOT NULL,
    answer      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    PRIMARY KEY (actor, route, key)
);
CREATE INDEX idempotency_key_by_expiry ON idempotency_key (expires_at);

-- What kiosks must learn (foundation/change_log.rs): one row per thing, its newest state. The counter makes the
-- sequence gap-free, because a rolled back transaction gives its number back.
CREATE TABLE change_counter (
    id  BIGINT PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL
);
INSERT INTO change_counter (id, seq) VALUES (1, 0);
CREATE TABLE change_log (
    kind  TEXT   NOT NULL,
    id    TEXT   NOT NULL,
    seq   BIGINT NOT NULL UNIQUE,
    scope TEXT   NOT NULL,
    body  TEXT,
    at    BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Who changed what (foundation/audit.rs): append-only, a hash chain per stream.
CREATE TABLE audit_entry (
    stream      TEXT   NOT NULL,
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    actor       TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    action      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    before_hash TEXT   NOT NULL,
    after_hash  TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    request_id  TEXT   NOT NULL,
    previous    TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    PRIMARY KEY (stream, seq)
);

-- Events for other modules (foundation/outbox.rs), written with their cause, handled at least once.
CREATE TABLE outbox_event (
    seq        BIGINT NOT NULL PRIMARY KEY,
    topic      TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    done_at    BIGINT,
    last_error TEXT
);
CREATE INDEX outbox_event_due ON outbox_event (due_at) WHERE done_at IS NULL;
