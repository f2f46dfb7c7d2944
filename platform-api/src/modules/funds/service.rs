//! Granting a fund and reading where its money is.

use super::{
    model::{Fund, FundError, FundFigures, FundMode, NewFund},
    rules, store,
};
use crate::{
    foundation::{
        act::Act,
        audit,
        db::{DbError, Tx},
    },
    modules::ledger,
};
use domain::ids::FundId;

/// Records a grant and posts it (E01): to the trust account when prefunded, as a commitment when in arrears.
pub fn grant(tx: &mut Tx<'_>, act: &Act, new: &NewFund) -> Result<Fund, FundError> {
    rules::check(new)?;
    let fund = Fund {
        id: act.mint(FundId::new),
        department: new.department.clone(),
        mode: new.mode,
        document_no: new.document_no.clone(),
        granted_fen: new.granted_fen,
    };
    store::insert(tx, act, &fund).map_err(document_used)?;
    ledger::grant_fund(tx, act, &fund)?;
    let (subject, amount) = (format!("fund:{}", fund.id), fund.granted_fen.get().to_string());
    audit::append(
        tx,
        act,
        &audit::Entry {
            surface: "G",
            action: "fund.grant",
            subject: &subject,
            before: None,
            after: Some(&amount),
            reason: &fund.document_no,
        },
    )?;
    Ok(fund)
}

/// The fund.
pub fn fund(tx: &mut Tx<'_>, id: FundId) -> Result<Option<Fund>, DbError> {
    store::find(tx, id)
}

/// Funds with ids after `after`, oldest first.
pub fn funds(tx: &mut Tx<'_>, after: &str, limit: u32) -> Result<Vec<Fund>, DbError> {
    store::list(tx, after, limit)
}

fn document_used(error: DbError) -> FundError {
    if error.is_unique_on("gov_fund.document_no") { FundError::DocumentUsed } else { FundError::Database(error) }
}
