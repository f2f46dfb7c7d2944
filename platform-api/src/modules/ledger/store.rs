//! The SQL of the ledger.

use super::model::{Account, AccountBalance, Event, LedgerError, Transaction};
use crate::foundation::{
    act::Act,
    db::{DbError, Row, Tx},
};
use domain::{ids::LedgerTxId, money::Fen};

/// Makes the account if there is none, and gives its balance.
pub(super) fn open_account(tx: &mut Tx<'_>, account: &Account) -> Result<Fen, DbError> {
    tx.execute(
        "INSERT INTO ledger_account (account, code, holder, normal, no_negative) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (account) DO NOTHING",
        &[
            account.name().into(),
            account.code().into(),
            account.holder().into(),
            account.normal().into(),
            account.no_negative().into(),
        ],
    )?;
    balance(tx, account)
}

/// The balance; zero for an account nothing has been posted to.
pub(super) fn balance(tx: &mut Tx<'_>, account: &Account) -> Result<Fen, DbError> {
    let row =
        tx.query_opt("SELECT balance_fen FROM ledger_account WHERE account = $1", &[account.name().into()])?;
    row.map_or(Ok(Fen::ZERO), |row| row.get("balance_fen"))
}

/// Writes the transaction with its entries and posts it. The accounts exist.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    act: &Act,
    transaction: &Transaction,
) -> Result<LedgerTxId, LedgerError> {
    let id = act.mint(LedgerTxId::new);
    tx.execute(
        "INSERT INTO ledger_transaction (id, business_key, event, at, actor, request_id)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            id.into(),
            (&transaction.business_key).into(),
            transaction.event.name().into(),
            act.now.into(),
            act.actor.to_string().into(),
            (&act.request_id).into(),
        ],
    )
    .map_err(|error| already_posted(error, transaction))?;
    for (leg, place) in transaction.legs.iter().zip(1_i64..) {
        tx.execute(
            "INSERT INTO ledger_entry (ledger_transaction, place, account, event, amount_fen)
             VALUES ($1, $2, $3, $4, $5)",
            &[
                id.into(),
                place.into(),
                leg.account.name().into(),
                transaction.event.name().into(),
                leg.amount_fen.into(),
            ],
        )?;
    }
    tx.execute("UPDATE ledger_transaction SET posted = 1 WHERE id = $1", &[id.into()])?;
    Ok(id)
}

fn already_posted(error: DbError, transaction: &Transaction) -> LedgerError {
    if error.is_unique_on("ledger_transaction.business_key") {
        LedgerError::AlreadyPosted(transaction.business_key.clone())
    } else {
        LedgerError::Database(error)
    }
}

/// What one kind of event has moved on an account.
pub(super) fn moved(tx: &mut Tx<'_>, account: &Account, event: Event) -> Result<Fen, DbError> {
    let row = tx.query_one(
        "SELECT CAST(COALESCE(SUM(e.amount_fen), 0) AS BIGINT) AS moved_fen
         FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.ledger_transaction
         WHERE e.account = $1 AND e.event = $2 AND t.posted = 1",
        &[account.name().into(), event.name().into()],
    )?;
    row.get("moved_fen")
}

/// Accounts with names after `after`, in the order of their names.
pub(super) fn accounts(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<AccountBalance>, DbError> {
    let rows = tx.query(
        "SELECT account, code, holder, balance_fen FROM ledger_account WHERE account > $1 ORDER BY account LIMIT $2",
        &[after.into(), limit.into()],
    )?;
    rows.iter().map(read_account).collect()
}

fn read_account(row: &Row) -> Result<AccountBalance, DbError> {
    Ok(AccountBalance {
        account: row.get("account")?,
        code: row.get("code")?,
        holder: row.get("holder")?,
        balance_fen: row.get("balance_fen")?,
    })
}

/// The sum of the posted entries per number of the chart.
pub(super) fn sums_by_code(tx: &mut Tx<'_>) -> Result<Vec<(String, Fen)>, DbError> {
    let rows = tx.query(
        "SELECT a.code AS code, CAST(SUM(e.amount_fen) AS BIGINT) AS sum_fen
         FROM ledger_entry e JOIN ledger_transaction t ON t.id = e.ledger_transaction
         JOIN ledger_account a ON a.account = e.account
         WHERE t.posted = 1 GROUP BY a.code ORDER BY a.code",
        &[],
    )?;
    rows.iter().map(|row| Ok((row.get("code")?, row.get("sum_fen")?))).collect()
}

/// How many accounts hold something else than the sum of their posted entries.
pub(super) fn differing_accounts(tx: &mut Tx<'_>) -> Result<u32, DbError> {
    let row = tx.query_one(
        "SELECT count(*) AS n FROM ledger_account a WHERE a.balance_fen <> (
             SELECT COALESCE(SUM(e.amount_fen), 0) FROM ledger_entry e
             JOIN ledger_transaction t ON t.id = e.ledger_transaction
             WHERE e.account = a.account AND t.posted = 1)",
        &[],
    )?;
    row.get("n")
}

/// How many transactions are posted (or begun and not posted).
pub(super) fn count_transactions(tx: &mut Tx<'_>, posted: bool) -> Result<u32, DbError> {
    tx.query_one("SELECT count(*) AS n FROM ledger_transaction WHERE posted = $1", &[posted.into()])?.get("n")
}
