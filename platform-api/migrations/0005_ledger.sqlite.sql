-- The double-entry ledger (src/modules/ledger). Amounts are signed fen: + debit, - credit.
--
-- A transaction is written unposted, given its entries, and then posted. Posting is the moment the database checks that
-- the entries add up to zero and moves the balances. Nothing posted is ever changed or removed.

-- normal is 1 where debits raise the account (assets, expenses), -1 where credits do.
CREATE TABLE ledger_account (
    account     TEXT   NOT NULL PRIMARY KEY,
    code        TEXT   NOT NULL,
    holder      TEXT   NOT NULL,
    normal      BIGINT NOT NULL CHECK (normal IN (1, -1)),
    no_negative BIGINT NOT NULL CHECK (no_negative IN (0, 1)),
    balance_fen BIGINT NOT NULL DEFAULT 0,
    CONSTRAINT ledger_account_no_negative CHECK (no_negative = 0 OR normal * balance_fen >= 0)
);

CREATE TABLE ledger_transaction (
    id           TEXT   NOT NULL PRIMARY KEY,
    business_key TEXT   NOT NULL UNIQUE,
    event        TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    actor        TEXT   NOT NULL,
    request_id   TEXT   NOT NULL,
    posted       BIGINT NOT NULL DEFAULT 0 CHECK (posted IN (0, 1))
);

CREATE TABLE ledger_entry (
    ledger_transaction TEXT   NOT NULL REFERENCES ledger_transaction (id),
    place              BIGINT NOT NULL,
    account            TEXT   NOT NULL REFERENCES ledger_account (account),
    event              TEXT   NOT NULL,
    amount_fen         BIGINT NOT NULL CHECK (amount_fen <> 0),
    PRIMARY KEY (ledger_transaction, place),
    UNIQUE (ledger_transaction, account)
);
CREATE INDEX ledger_entry_by_account ON ledger_entry (account, event, amount_fen);

CREATE TRIGGER ledger_transaction_born_unposted BEFORE INSERT ON ledger_transaction WHEN NEW.posted <> 0
BEGIN SELECT RAISE(ABORT, 'ledger_transaction_born_unposted'); END;

CREATE TRIGGER ledger_transaction_immutable BEFORE UPDATE ON ledger_transaction
WHEN OLD.posted = 1 OR NEW.posted = 0 OR NEW.id <> OLD.id OR NEW.business_key <> OLD.business_key
    OR NEW.event <> OLD.event OR NEW.at <> OLD.at OR NEW.actor <> OLD.actor OR NEW.request_id <> OLD.request_id
BEGIN SELECT RAISE(ABORT, 'ledger_immutable'); END;

CREATE TRIGGER ledger_transaction_balanced BEFORE UPDATE ON ledger_transaction
WHEN (SELECT COALESCE(SUM(amount_fen), 1) FROM ledger_entry WHERE ledger_transaction = NEW.id) <> 0
BEGIN SELECT RAISE(ABORT, 'ledger_not_balanced'); END;

CREATE TRIGGER ledger_transaction_posted AFTER UPDATE ON ledger_transaction
BEGIN
    UPDATE ledger_account SET balance_fen = balance_fen + (
        SELECT amount_fen FROM ledger_entry
        WHERE ledger_transaction = NEW.id AND ledger_entry.account = ledger_account.account)
    WHERE account IN (SELECT account FROM ledger_entry WHERE ledger_transaction = NEW.id);
END;

CREATE TRIGGER ledger_transaction_kept BEFORE DELETE ON ledger_transaction
BEGIN SELECT RAISE(ABORT, 'ledger_immutable'); END;

CREATE TRIGGER ledger_entry_only_unposted BEFORE INSERT ON ledger_entry
WHEN (SELECT posted FROM ledger_transaction WHERE id = NEW.ledger_transaction) <> 0
BEGIN SELECT RAISE(ABORT, 'ledger_immutable'); END;

CREATE TRIGGER ledger_entry_immutable BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_immutable'); END;

CREATE TRIGGER ledger_entry_kept BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'ledger_immutable'); END;

CREATE TRIGGER ledger_account_immutable BEFORE UPDATE ON ledger_account
WHEN NEW.account <> OLD.account OR NEW.code <> OLD.code OR NEW.holder <> OLD.holder OR NEW.normal <> OLD.normal
    OR NEW.no_negative <> OLD.no_negative
BEGIN SELECT RAISE(ABORT, 'ledger_immutable'); END;

CREATE TRIGGER ledger_account_born_empty BEFORE INSERT ON ledger_account WHEN NEW.balance_fen <> 0
BEGIN SELECT RAISE(ABORT, 'ledger_account_born_empty'); END;

CREATE TRIGGER ledger_account_kept BEFORE DELETE ON ledger_account
BEGIN SELECT RAISE(ABORT, 'ledger_immutable'); END;
