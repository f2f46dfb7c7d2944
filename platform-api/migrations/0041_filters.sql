-- Who is turned away, whom a campaign is not shown to, and which filters kiosks already have.

-- Blocked by an operator: codes of this person are refused, coupons they hold stay theirs.
ALTER TABLE consumer ADD COLUMN blocked_at BIGINT;
CREATE INDEX consumer_blocked ON consumer (blocked_at) WHERE blocked_at IS NOT NULL;
CREATE INDEX consumer_by_age ON consumer (created_at, id);
CREATE INDEX consent_withdrawn ON consent (withdrawn_at) WHERE withdrawn_at IS NOT NULL;

-- The part of all people a campaign is not shown to, in basis points, and the secret they are drawn by.
ALTER TABLE campaign ADD COLUMN holdout_bp BIGINT NOT NULL DEFAULT 0 CHECK (holdout_bp BETWEEN 0 AND 10000);
ALTER TABLE campaign ADD COLUMN holdout_salt BYTEA;

-- What the filters in the feed were built from (src/modules/feed).
CREATE TABLE feed_filter (
    kind   TEXT  NOT NULL,
    id     TEXT  NOT NULL,
    people BYTEA NOT NULL,
    PRIMARY KEY (kind, id)
);
