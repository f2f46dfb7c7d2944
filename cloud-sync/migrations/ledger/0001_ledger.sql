-- What must never be lost: who this kiosk is, what it may issue, what it promised, what it still has to report.
-- All times are milliseconds since 1970 in UTC; ids are 16 bytes. No name, phone number or tag of a person.

-- The enrolment in force.
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    device BLOB NOT NULL CHECK (length(device) = 16),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    origin TEXT NOT NULL,
    city INTEGER NOT NULL,
    mall BLOB NOT NULL CHECK (length(mall) = 16),
    platform_key BLOB NOT NULL CHECK (length(platform_key) = 32),
    public_key BLOB NOT NULL CHECK (length(public_key) = 32),
    standing TEXT NOT NULL DEFAULT 'good' CHECK (standing IN ('good', 'device_refused', 'epoch_ended'))
) STRICT;

-- What only grows: the number of the last lease request, and the platform's time when last heard of.
CREATE TABLE memory (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    request_no INTEGER NOT NULL DEFAULT 0,
    platform_at_ms INTEGER
) STRICT;
INSERT INTO memory (one) VALUES (1);

-- Lease requests without a final answer. One a batch, so that a lost answer is asked for again by its number.
CREATE TABLE lease_request (
    request_no INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    batch BLOB NOT NULL CHECK (length(batch) = 16),
    want INTEGER NOT NULL CHECK (want > 0),
    UNIQUE (epoch, batch)
) STRICT;

-- Slots 0..used are issued; a lease is open, then closing (durable, not yet told), then closed.
CREATE TABLE lease (
    lease BLOB PRIMARY KEY CHECK (length(lease) = 16),
    batch BLOB NOT NULL CHECK (length(batch) = 16),
    epoch INTEGER NOT NULL,
    slots INTEGER NOT NULL CHECK (slots > 0),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND slots),
    granted_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    reclaim_at_ms INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closing', 'closed'))
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_by_batch ON lease (batch, epoch, state, expires_at_ms);

-- One promise a slot; the verdict is the platform's, as JSON, and absent until it is known.
CREATE TABLE voucher (
    lease BLOB NOT NULL REFERENCES lease (lease),
    slot INTEGER NOT NULL CHECK (slot >= 0),
    batch BLOB NOT NULL CHECK (length(batch) = 16),
    pseudonym BLOB NOT NULL CHECK (length(pseudonym) = 16),
    day INTEGER NOT NULL,
    claimed_at_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    event BLOB NOT NULL UNIQUE CHECK (length(event) = 16),
    redeem_before_ms INTEGER NOT NULL,
    verdict TEXT,
    PRIMARY KEY (lease, slot)
) STRICT, WITHOUT ROWID;
CREATE INDEX voucher_by_person ON voucher (pseudonym, batch);

-- Vouchers the platform has not answered for, in the order they were issued.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event BLOB NOT NULL UNIQUE REFERENCES voucher (event),
    put_off INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_by_turn ON outbox (put_off, seq);

-- Codes that opened a session, until nobody would accept them any more.
CREATE TABLE replay (
    pseudonym BLOB NOT NULL CHECK (length(pseudonym) = 16),
    nonce BLOB NOT NULL CHECK (length(nonce) = 8),
    accepted_until_ms INTEGER NOT NULL,
    PRIMARY KEY (pseudonym, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX replay_by_end ON replay (accepted_until_ms);
