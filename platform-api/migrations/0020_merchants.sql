-- Malls, merchants, their stores, who stands at which till, and the commission agreed (src/modules/merchants).

CREATE TABLE mall (
    id           TEXT   NOT NULL PRIMARY KEY,
    name         TEXT   NOT NULL,
    hotline      TEXT   NOT NULL,
    service_desk TEXT   NOT NULL,
    created_at   BIGINT NOT NULL
);

CREATE TABLE merchant (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    licence_no TEXT   NOT NULL UNIQUE,
    standing   TEXT   NOT NULL CHECK (standing IN ('active', 'suspended')),
    created_at BIGINT NOT NULL
);

-- open is a JSON list of weekly windows; an empty one means always.
CREATE TABLE store (
    id         TEXT   NOT NULL PRIMARY KEY,
    merchant   TEXT   NOT NULL REFERENCES merchant (id),
    mall       TEXT   NOT NULL REFERENCES mall (id),
    name       TEXT   NOT NULL,
    floor      TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    category   TEXT   NOT NULL,
    open       TEXT   NOT NULL,
    standing   TEXT   NOT NULL CHECK (standing IN ('active', 'suspended')),
    created_at BIGINT NOT NULL,
    UNIQUE (mall, place)
);
CREATE INDEX store_by_merchant ON store (merchant);

-- Who stands at which till. The account itself belongs to auth; store is null for all stores of the merchant.
CREATE TABLE till_staff (
    staff    TEXT   NOT NULL PRIMARY KEY,
    merchant TEXT   NOT NULL REFERENCES merchant (id),
    store    TEXT   REFERENCES store (id),
    name     TEXT   NOT NULL,
    bound_at BIGINT NOT NULL
);

-- The rate in force at an instant is that of the last row that began before it; a merchant without one pays none.
CREATE TABLE commission_plan (
    merchant TEXT   NOT NULL REFERENCES merchant (id),
    from_at  BIGINT NOT NULL,
    rate_bp  BIGINT NOT NULL CHECK (rate_bp BETWEEN 0 AND 10000),
    PRIMARY KEY (merchant, from_at)
);
