-- The tables of src/modules/consumers. Columns *_sealed are encrypted: a person's fields under the person's own key,
-- that key and the private ring keys under the key file of the server.

CREATE TABLE consumer (
    id              TEXT   NOT NULL PRIMARY KEY,
    phone_hash      TEXT   NOT NULL UNIQUE,
    key_sealed      BYTEA  NOT NULL,
    phone_sealed    BYTEA  NOT NULL,
    name_sealed     BYTEA  NOT NULL,
    name_masked     TEXT   NOT NULL,
    profile_sealed  BYTEA,
    profile_at      BIGINT,
    evaluated_at    BIGINT,
    rule_version    BIGINT,
    created_at      BIGINT NOT NULL
);

-- The texts people consent to. A version is never edited.
CREATE TABLE consent_text (
    purpose      TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    title        TEXT   NOT NULL,
    summary      TEXT   NOT NULL,
    body         TEXT   NOT NULL,
    separate     BIGINT NOT NULL,
    sha256       TEXT   NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, version)
);

-- Who consented to which text, where and when. Rows are kept after withdrawal, as proof.
CREATE TABLE consent (
    id           TEXT   NOT NULL PRIMARY KEY,
    consumer     TEXT   NOT NULL REFERENCES consumer (id),
    purpose      TEXT   NOT NULL,
    text_version BIGINT NOT NULL,
    text_sha256  TEXT   NOT NULL,
    separate     BIGINT NOT NULL,
    channel      TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    withdrawn_at BIGINT
);
CREATE UNIQUE INDEX consent_live ON consent (consumer, purpose) WHERE withdrawn_at IS NULL;
CREATE INDEX consent_by_consumer ON consent (consumer, at);

-- What is known about a person beyond their own words: a verified phone, a register's answer.
CREATE TABLE consumer_evidence (
    consumer    TEXT   NOT NULL REFERENCES consumer (id),
    kind        TEXT   NOT NULL,
    level       BIGINT NOT NULL,
    valid_from  BIGINT NOT NULL,
    valid_until BIGINT,
    reference   TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (consumer, kind)
);

-- Published rule sets, as the text that was published.
CREATE TABLE rule_set (
    version        BIGINT NOT NULL PRIMARY KEY,
    effective_from BIGINT NOT NULL,
    body           TEXT   NOT NULL,
    sha256         TEXT   NOT NULL,
    published_at   BIGINT NOT NULL,
    published_by   TEXT   NOT NULL
);

-- Tags by their opaque number. Names stay on the platform.
CREATE TABLE consumer_tag (
    id        BIGINT NOT NULL PRIMARY KEY,
    name      TEXT   NOT NULL UNIQUE,
    sensitive BIGINT NOT NULL
);

-- The tags a person has by the newest evaluation; preference says which go into a code first.
CREATE TABLE tag_assertion (
    consumer     TEXT   NOT NULL REFERENCES consumer (id),
    tag          BIGINT NOT NULL REFERENCES consumer_tag (id),
    level        BIGINT NOT NULL,
    valid_from   BIGINT NOT NULL,
    valid_until  BIGINT NOT NULL,
    source       TEXT   NOT NULL,
    rule_version BIGINT NOT NULL,
    preference   BIGINT NOT NULL,
    PRIMARY KEY (consumer, tag)
);

-- Who a pseudonym was on its day; rows are forgotten after PSEUDONYM_KEPT_DAYS (consumers/model.rs).
CREATE TABLE pseudonym (
    day       BIGINT NOT NULL,
    pseudonym BYTEA  NOT NULL,
    consumer  TEXT   NOT NULL REFERENCES consumer (id),
    PRIMARY KEY (pseudonym, day)
);
CREATE INDEX pseudonym_by_day ON pseudonym (day);

-- Codes that were accepted, until they could not be accepted any more.
CREATE TABLE burned_code (
    purpose   TEXT   NOT NULL,
    pseudonym BYTEA  NOT NULL,
    nonce     BYTEA  NOT NULL,
    holder    TEXT   NOT NULL,
    burned_at BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL,
    PRIMARY KEY (purpose, pseudonym, nonce)
);
CREATE INDEX burned_code_by_end ON burned_code (ends_at);

-- The ring of code keys. The private half is sealed, and removed once the key has signed its last code.
CREATE TABLE ring (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    version BIGINT NOT NULL,
    city    BIGINT NOT NULL
);
CREATE TABLE ring_key (
    key_id         BYTEA  NOT NULL PRIMARY KEY,
    public_key     BYTEA  NOT NULL,
    private_sealed BYTEA,
    not_before     BIGINT NOT NULL,
    signs_until    BIGINT NOT NULL,
    not_after      BIGINT NOT NULL,
    dropped_at     BIGINT
);
