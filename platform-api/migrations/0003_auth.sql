-- Who may sign in (src/modules/auth). No phone number, code, password or token is stored, only hashes of them.

CREATE TABLE staff (
    id              TEXT   NOT NULL PRIMARY KEY,
    login           TEXT   NOT NULL UNIQUE,
    name            TEXT   NOT NULL,
    role            TEXT   NOT NULL,
    merchant        TEXT,
    password_salt   BYTEA  NOT NULL,
    password_hash   BYTEA  NOT NULL,
    -- The secret follows from the server's key, the id and this number; null while it is off.
    totp_generation BIGINT,
    -- The last step used: a code works once.
    totp_step       BIGINT NOT NULL DEFAULT 0,
    created_at      BIGINT NOT NULL,
    disabled_at     BIGINT,
    CONSTRAINT staff_of_merchant CHECK ((role IN ('merchant_manager', 'merchant_cashier')) = (merchant IS NOT NULL))
);

-- The token's SHA-256; a token is 32 random bytes, so the hash needs no salt.
CREATE TABLE session (
    token_sha256 BYTEA  NOT NULL PRIMARY KEY,
    consumer     TEXT,
    staff        TEXT REFERENCES staff (id),
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT,
    CONSTRAINT session_of_one CHECK ((consumer IS NULL) <> (staff IS NULL))
);
CREATE INDEX session_by_consumer ON session (consumer);
CREATE INDEX session_by_staff ON session (staff);
CREATE INDEX session_by_expiry ON session (expires_at);

-- The newest one-time password of a phone.
CREATE TABLE otp (
    phone_hash    TEXT   NOT NULL PRIMARY KEY,
    code_hash     TEXT   NOT NULL,
    expires_at    BIGINT NOT NULL,
    attempts_left BIGINT NOT NULL CHECK (attempts_left >= 0)
);

-- When a phone was sent one, for the limit.
CREATE TABLE otp_request (
    phone_hash TEXT   NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX otp_request_by_phone ON otp_request (phone_hash, at);
CREATE INDEX otp_request_by_time ON otp_request (at);
