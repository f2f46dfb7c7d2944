-- Campaigns, coupon batches, the versions of their terms, and their stock (src/modules/campaigns).

CREATE TABLE campaign (
    id            TEXT   NOT NULL PRIMARY KEY,
    fund          TEXT   NOT NULL REFERENCES gov_fund (id),
    name          TEXT   NOT NULL,
    purpose       TEXT   NOT NULL,
    allocated_fen BIGINT NOT NULL CHECK (allocated_fen > 0),
    from_at       BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    closed_at     BIGINT,
    created_at    BIGINT NOT NULL,
    CHECK (from_at < until_at)
);

-- Stock: what can be claimed is free, lent to a kiosk, or a coupon. The three add up at every commit (I01, I4).
-- committed_fen is what the batch may still cost the government, spent_fen what it has cost.
CREATE TABLE batch (
    id            TEXT   NOT NULL PRIMARY KEY,
    campaign      TEXT   NOT NULL REFERENCES campaign (id),
    mall          TEXT   NOT NULL REFERENCES mall (id),
    merchant      TEXT   REFERENCES merchant (id),
    state         TEXT   NOT NULL CHECK (state IN
        ('draft', 'submitted', 'rejected', 'approved', 'active', 'paused', 'ended', 'closed')),
    version       BIGINT,
    lease_slots   BIGINT NOT NULL CHECK (lease_slots BETWEEN 1 AND 50),
    stock_total   BIGINT NOT NULL CHECK (stock_total > 0),
    stock_free    BIGINT NOT NULL,
    stock_leased  BIGINT NOT NULL DEFAULT 0,
    stock_issued  BIGINT NOT NULL DEFAULT 0,
    committed_fen BIGINT NOT NULL DEFAULT 0,
    spent_fen     BIGINT NOT NULL DEFAULT 0,
    created_at    BIGINT NOT NULL,
    CONSTRAINT batch_stock CHECK (stock_free >= 0 AND stock_leased >= 0 AND stock_issued >= 0
        AND stock_free + stock_leased + stock_issued = stock_total),
    CONSTRAINT batch_spend CHECK (spent_fen >= 0 AND spent_fen <= committed_fen)
);
CREATE INDEX batch_by_campaign ON batch (campaign);

-- What a version says is written once; only its approval moves. content is JSON.
CREATE TABLE batch_version (
    batch      TEXT   NOT NULL REFERENCES batch (id),
    version    BIGINT NOT NULL CHECK (version > 0),
    content    TEXT   NOT NULL,
    approval     TEXT   NOT NULL CHECK (approval IN ('draft', 'submitted', 'approved', 'rejected')),
    drafted_by TEXT   NOT NULL,
    drafted_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    PRIMARY KEY (batch, version),
    CONSTRAINT four_eyes CHECK (decided_by IS NULL OR decided_by <> drafted_by)
);
