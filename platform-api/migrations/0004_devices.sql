-- Devices: who signs requests as a kiosk. One row a device; the key is that of its present epoch.
CREATE TABLE device (
    id          TEXT   NOT NULL PRIMARY KEY,
    epoch       BIGINT NOT NULL CHECK (epoch >= 1),
    public_key  BYTEA  NOT NULL UNIQUE,
    hardware    TEXT   NOT NULL,
    enrolled_at BIGINT NOT NULL,
    heard_at    BIGINT NOT NULL,
    revoked_at  BIGINT
);
