-- Coupons, what became of reports, codes for typing, and redemptions (src/modules/coupons).

-- lease and slot are null for a coupon that no kiosk issued. suspect says why somebody should look at it.
CREATE TABLE coupon (
    id         TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    batch      TEXT   NOT NULL REFERENCES batch (id),
    version    BIGINT NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('issued', 'locked', 'redeemed', 'expired', 'voided')),
    claimed_at BIGINT NOT NULL,
    claimed_on BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    device     TEXT,
    lease      TEXT,
    slot       BIGINT,
    suspect    TEXT,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (batch, version) REFERENCES batch_version (batch, version),
    CHECK ((lease IS NULL) = (slot IS NULL))
);
CREATE UNIQUE INDEX coupon_by_slot ON coupon (lease, slot);
CREATE INDEX coupon_by_owner ON coupon (owner, batch);
CREATE INDEX coupon_by_end ON coupon (ends_at) WHERE state = 'issued';

-- The word on a claim that is no coupon; a coupon speaks for itself. Asked again, the same word is given.
CREATE TABLE claim_rejected (
    lease TEXT   NOT NULL,
    slot  BIGINT NOT NULL,
    owner TEXT   NOT NULL,
    code  TEXT   NOT NULL,
    at    BIGINT NOT NULL,
    PRIMARY KEY (lease, slot, owner)
);

-- Digits a cashier can type instead of scanning; one set a coupon, the newest.
CREATE TABLE redeem_pin (
    coupon     TEXT   NOT NULL PRIMARY KEY REFERENCES coupon (id),
    pin        TEXT   NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);

-- One row per use of a coupon; the unique index is what makes a coupon worth one redemption (I04).
CREATE TABLE redemption (
    id           TEXT   NOT NULL PRIMARY KEY,
    coupon       TEXT   NOT NULL UNIQUE REFERENCES coupon (id),
    merchant     TEXT   NOT NULL,
    store        TEXT   NOT NULL,
    store_name   TEXT   NOT NULL,
    cashier      TEXT   NOT NULL,
    cashier_name TEXT   NOT NULL,
    title        TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    bill_fen     BIGINT NOT NULL CHECK (bill_fen > 0),
    discount_fen BIGINT NOT NULL CHECK (discount_fen > 0 AND discount_fen <= bill_fen),
    commission_fen BIGINT NOT NULL CHECK (commission_fen >= 0),
    presented    TEXT   NOT NULL CHECK (presented IN ('code', 'pin', 'voucher'))
);
CREATE INDEX redemption_by_store ON redemption (store, at);
CREATE INDEX redemption_by_merchant ON redemption (merchant, at);

-- Who paid which part of a discount; the parts of one redemption add up to it (I10).
CREATE TABLE redemption_share (
    redemption TEXT   NOT NULL REFERENCES redemption (id),
    place      BIGINT NOT NULL,
    party      TEXT   NOT NULL CHECK (party IN ('gov', 'platform', 'merchant', 'brand')),
    amount_fen BIGINT NOT NULL CHECK (amount_fen >= 0),
    PRIMARY KEY (redemption, place)
);
