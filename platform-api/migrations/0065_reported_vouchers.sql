-- Vouchers of its present life that a kiosk has reported (src/modules/devices): its ledger must know of at least as many.

ALTER TABLE device ADD COLUMN reported_vouchers BIGINT NOT NULL DEFAULT 0 CHECK (reported_vouchers >= 0);
