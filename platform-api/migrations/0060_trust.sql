-- What tells a kiosk from a copy of an older disk of it (src/modules/devices). All of it begins anew with an epoch.

-- The greatest number of a signed POST served in the present epoch, and the signature it came with.
ALTER TABLE device ADD COLUMN counter BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN counter_signature BYTEA;
-- The largest counts of its ledger that were heard of.
ALTER TABLE device ADD COLUMN heard_request_no BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN heard_vouchers BIGINT NOT NULL DEFAULT 0;
-- Set by a confession: nothing of this epoch is served any more.
ALTER TABLE device ADD COLUMN fenced_at BIGINT;

-- One row a life that ended by confession: what was noticed, and when. challenge is the platform's own word, as JSON.
CREATE TABLE fencing (
    device        TEXT   NOT NULL REFERENCES device (id),
    epoch         BIGINT NOT NULL,
    challenge     TEXT   NOT NULL,
    challenged_at BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    PRIMARY KEY (device, epoch)
);
CREATE INDEX fencing_by_time ON fencing (at);
