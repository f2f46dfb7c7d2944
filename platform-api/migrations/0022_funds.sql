-- Government funds (src/modules/funds). The money itself is in the ledger; a grant is never changed.
CREATE TABLE gov_fund (
    id          TEXT   NOT NULL PRIMARY KEY,
    department  TEXT   NOT NULL,
    mode        TEXT   NOT NULL CHECK (mode IN ('prefund', 'arrears')),
    document_no TEXT   NOT NULL UNIQUE,
    granted_fen BIGINT NOT NULL CHECK (granted_fen > 0),
    granted_by  TEXT   NOT NULL,
    granted_at  BIGINT NOT NULL
);
