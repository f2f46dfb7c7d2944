-- Quotas of batches, and the quota and period each lease counts against (src/modules/campaigns, src/modules/leases).

-- What is lent and issued of one day, or of one opening of a window; from_at is when it began. Never more than the quota
-- of the version that was in force when it was lent (I02); a quota cut later leaves what is out.
CREATE TABLE batch_quota (
    batch   TEXT   NOT NULL REFERENCES batch (id),
    kind    TEXT   NOT NULL CHECK (kind IN ('day', 'window')),
    from_at BIGINT NOT NULL,
    coupons BIGINT NOT NULL,
    leased  BIGINT NOT NULL DEFAULT 0,
    issued  BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (batch, kind, from_at),
    CONSTRAINT batch_quota_held CHECK (leased >= 0 AND issued >= 0 AND leased + issued <= coupons)
);

ALTER TABLE lease ADD COLUMN valid_from BIGINT NOT NULL DEFAULT 0;
ALTER TABLE lease ADD COLUMN quota_day_from BIGINT;
ALTER TABLE lease ADD COLUMN quota_window_from BIGINT;
CREATE INDEX lease_by_holder ON lease (device, batch, expires_at);
