//! The table `gov_fund`.

use super::model::{Fund, FundMode};
use crate::foundation::{
    act::Act,
    db::{DbError, Row, Tx},
};
use domain::ids::FundId;

pub(super) fn insert(tx: &mut Tx<'_>, act: &Act, fund: &Fund) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO gov_fund (id, department, mode, document_no, granted_fen, granted_by, granted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[
            fund.id.into(),
            (&fund.department).into(),
            fund.mode.name().into(),
            (&fund.document_no).into(),
            fund.granted_fen.into(),
            act.actor.to_string().into(),
            act.now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, id: FundId) -> Result<Option<Fund>, DbError> {
    let row = tx.query_opt(
        "SELECT id, department, mode, document_no, granted_fen FROM gov_fund WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read).transpose()
}

pub(super) fn list(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<Fund>, DbError> {
    let rows = tx.query(
        "SELECT id, department, mode, document_no, granted_fen FROM gov_fund WHERE id > $1 ORDER BY id LIMIT $2",
        &[after.into(), limit.into()],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Fund, DbError> {
    let mode: String = row.get("mode")?;
    Ok(Fund {
        id: row.get("id")?,
        department: row.get("department")?,
        mode: FundMode::from_name(&mode)
            .ok_or_else(|| DbError::Failed { query: "gov_fund.mode", source: "an unknown mode".into() })?,
        document_no: row.get("document_no")?,
        granted_fen: row.get("granted_fen")?,
    })
}
