-- Passes of phones that show a code without a network. The anchor names a pass; its secret is on the phone only.
CREATE TABLE rotating_pass (
    anchor     BYTEA  NOT NULL PRIMARY KEY,
    consumer   TEXT   NOT NULL REFERENCES consumer (id),
    issued_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX rotating_pass_by_consumer ON rotating_pass (consumer, ends_at);
CREATE INDEX rotating_pass_revoked ON rotating_pass (ends_at) WHERE revoked_at IS NOT NULL;
