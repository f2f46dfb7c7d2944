-- The change log with the chain of its history (foundation/change_log.rs), and the groups kiosks are put into (fleet).

-- A thing that moves to another scope leaves a tombstone behind in the one it left, so there is a row for each.
ALTER TABLE change_log RENAME TO change_log_before;
CREATE TABLE change_log (
    kind  TEXT   NOT NULL,
    id    TEXT   NOT NULL,
    scope TEXT   NOT NULL,
    seq   BIGINT NOT NULL UNIQUE,
    body  TEXT,
    at    BIGINT NOT NULL,
    PRIMARY KEY (kind, id, scope)
);
INSERT INTO change_log (kind, id, scope, seq, body, at)
    SELECT kind, id, scope, seq, body, at FROM change_log_before;
DROP TABLE change_log_before;
CREATE INDEX change_log_by_scope ON change_log (scope, seq);
CREATE INDEX change_log_held ON change_log (scope, kind, id) WHERE body IS NOT NULL;
CREATE INDEX change_log_dropped ON change_log (seq) WHERE body IS NULL;

-- What all changes up to a number come to. A number without a mark is of another history, or forgotten.
CREATE TABLE change_mark (
    seq  BIGINT NOT NULL PRIMARY KEY,
    mark BYTEA  NOT NULL,
    at   BIGINT NOT NULL
);

-- The sum of the rows a scope holds; a scope without a row here is summed up when it is asked for.
CREATE TABLE change_sum (
    scope   TEXT  NOT NULL PRIMARY KEY,
    content BYTEA NOT NULL
);

-- Which groups a kiosk is in, beside its mall.
CREATE TABLE kiosk_group (
    device TEXT NOT NULL REFERENCES kiosk (device),
    name   TEXT NOT NULL,
    PRIMARY KEY (device, name)
);
