-- What a lease is tied to: the period of its batch's quota, and the version of the terms it was granted under (0: unknown).

ALTER TABLE lease ADD COLUMN valid_from_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
-- The instant whose period the stock is wanted for; null for now.
ALTER TABLE lease_request ADD COLUMN at_ms INTEGER;
-- The pace of a batch, by which the next lease is sized.
CREATE INDEX voucher_by_batch ON voucher (batch, claimed_at_ms);
