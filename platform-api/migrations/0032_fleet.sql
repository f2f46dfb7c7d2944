-- Fleet: how kiosks join and how they are.
CREATE TABLE pairing_code (
    code_sha256 BYTEA  NOT NULL PRIMARY KEY,
    mall        TEXT   NOT NULL,
    place       TEXT   NOT NULL,
    -- The kiosk that is enrolled again; null for a new one.
    device      TEXT,
    created_by  TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    used_at     BIGINT
);

CREATE TABLE kiosk (
    device         TEXT   NOT NULL PRIMARY KEY,
    mall           TEXT   NOT NULL,
    place          TEXT   NOT NULL,
    build          TEXT   NOT NULL,
    config_version BIGINT NOT NULL,
    feed_cursor    BIGINT NOT NULL,
    outbox_rows    BIGINT NOT NULL,
    lease_slots    BIGINT NOT NULL,
    camera         BIGINT NOT NULL CHECK (camera IN (0, 1)),
    clock_ahead_ms BIGINT NOT NULL,
    heard_at       BIGINT NOT NULL
);
