-- Every voucher that was heard of, in the platform's order (src/modules/coupons). More than one of a slot is a conflict:
-- one disk lived in two kiosks, or went back in time.

-- place is 0 for the first voucher of the slot. seen_at_place is kiosk:<id> for a report and store:<id> for a till.
CREATE TABLE voucher_seen (
    lease         TEXT   NOT NULL REFERENCES lease (id),
    slot          BIGINT NOT NULL,
    place         BIGINT NOT NULL CHECK (place >= 0),
    device        TEXT   NOT NULL,
    pseudonym     BYTEA  NOT NULL,
    claimed_at    BIGINT NOT NULL,
    voucher       TEXT   NOT NULL,
    seen_at       BIGINT NOT NULL,
    seen_at_place TEXT   NOT NULL,
    PRIMARY KEY (lease, slot, place),
    UNIQUE (lease, slot, pseudonym, claimed_at)
);
CREATE INDEX voucher_conflict ON voucher_seen (seen_at) WHERE place > 0;
