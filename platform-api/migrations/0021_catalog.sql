-- What stores sell (src/modules/catalog): enough to show a shop's window; orders and stock come with commerce.
CREATE TABLE product (
    store      TEXT   NOT NULL REFERENCES store (id),
    sku        TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    category   TEXT   NOT NULL,
    price_fen  BIGINT NOT NULL CHECK (price_fen >= 0),
    listed     BIGINT NOT NULL CHECK (listed IN (0, 1)),
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (store, sku)
);
CREATE INDEX product_by_category ON product (category, store);
