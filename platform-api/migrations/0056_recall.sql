-- Recall of a batch and cuts of its stock (src/modules/campaigns); voiding follows in src/modules/coupons.

-- One person asks with a reason, another decides. voided_at is when the last coupon nobody had used was taken back.
CREATE TABLE batch_recall (
    batch      TEXT   NOT NULL PRIMARY KEY REFERENCES batch (id),
    reason     TEXT   NOT NULL,
    asked_by   TEXT   NOT NULL,
    asked_at   BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    approved   BIGINT CHECK (approved IN (0, 1)),
    voided_at  BIGINT,
    CONSTRAINT recall_four_eyes CHECK (decided_by IS NULL OR decided_by <> asked_by)
);

-- Coupons that leave the stock as soon as a kiosk gives them back: the stock was cut while they were out.
ALTER TABLE batch ADD COLUMN stock_cut_due BIGINT NOT NULL DEFAULT 0 CHECK (stock_cut_due >= 0);

CREATE INDEX coupon_unused ON coupon (batch, id) WHERE state = 'issued';
