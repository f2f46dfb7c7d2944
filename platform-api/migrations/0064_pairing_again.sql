-- A kiosk the platform knows is paired again by two people (src/modules/fleet): one asks, another decides.

CREATE TABLE pairing_again (
    device     TEXT   NOT NULL PRIMARY KEY,
    mall       TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    asked_by   TEXT   NOT NULL,
    asked_at   BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    approved   BIGINT CHECK (approved IN (0, 1)),
    CONSTRAINT pairing_four_eyes CHECK (decided_by IS NULL OR decided_by <> asked_by)
);
