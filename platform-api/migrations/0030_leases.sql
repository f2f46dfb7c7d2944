-- Leases: blocks of a batch's stock lent to kiosks. A slot has a row once it was reported or redeemed.
CREATE TABLE lease (
    id           TEXT   NOT NULL PRIMARY KEY,
    device       TEXT   NOT NULL,
    epoch        BIGINT NOT NULL,
    request_no   BIGINT NOT NULL,
    batch        TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    slots        BIGINT NOT NULL CHECK (slots >= 1),
    device_key   BYTEA  NOT NULL,
    expires_at   BIGINT NOT NULL,
    reclaim_at   BIGINT NOT NULL CHECK (reclaim_at >= expires_at),
    granted_at   BIGINT NOT NULL,
    -- Slots from here on went back to stock when the kiosk closed the lease; null while it is open.
    closed_from  BIGINT,
    reclaimed_at BIGINT,
    -- The very answer that was sent, so that the same request gets the same bytes.
    body         TEXT   NOT NULL,
    signature    BYTEA  NOT NULL,
    UNIQUE (device, epoch, request_no)
);
CREATE INDEX lease_reclaim ON lease (reclaim_at) WHERE reclaimed_at IS NULL;

CREATE TABLE lease_slot (
    lease    TEXT   NOT NULL REFERENCES lease (id),
    slot     BIGINT NOT NULL,
    redeemed BIGINT NOT NULL CHECK (redeemed IN (0, 1)),
    at       BIGINT NOT NULL,
    PRIMARY KEY (lease, slot)
);
