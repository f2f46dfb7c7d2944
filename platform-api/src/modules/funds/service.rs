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
    modules::ledger::{self, Account, FundGrant, FundMoney},
};
use domain::{ids::FundId, money::Fen};

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
    ledger::grant_fund(tx, act, &posting(&fund))?;
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

/// Where the money of a fund is, by the ledger.
pub fn figures(tx: &mut Tx<'_>, id: FundId) -> Result<FundFigures, FundError> {
    let fund = store::find(tx, id)?.ok_or(FundError::Unknown)?;
    // A liability: what is available stands on the credit side, below zero.
    let available = Fen::new(ledger::balance(tx, &Account::GovAvailable(id))?.get().saturating_neg());
    let allocated = Fen::new(fund.granted_fen.get().saturating_sub(available.get()));
    Ok(FundFigures { granted_fen: fund.granted_fen, allocated_fen: allocated, available_fen: available })
}

fn posting(fund: &Fund) -> FundGrant {
    let money = match fund.mode {
        FundMode::Prefund => FundMoney::Prefunded,
        FundMode::Arrears => FundMoney::Promised(fund.department.clone()),
    };
    FundGrant { fund: fund.id, money, amount_fen: fund.granted_fen }
}

fn document_used(error: DbError) -> FundError {
    if error.is_unique_on("gov_fund.document_no") {
        FundError::DocumentUsed
    } else {
        FundError::Database(error)
    }
}
