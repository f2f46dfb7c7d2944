//! What a grant must look like.

use super::model::{FundError, NewFund};
use domain::money::Fen;

const DEPARTMENT_CHARS_MAX: usize = 40;
const DOCUMENT_CHARS_MAX: usize = 60;
/// A hundred billion yuan: past it somebody mistook fen for yuan.
const GRANT_MAX: Fen = Fen::new(10_000_000_000_000);

/// Accepts a grant of a sensible amount with a department and a document.
pub fn check(new: &NewFund) -> Result<(), FundError> {
    check_text("department", &new.department, DEPARTMENT_CHARS_MAX)?;
    check_text("document_no", &new.document_no, DOCUMENT_CHARS_MAX)?;
    if new.granted_fen <= Fen::ZERO || new.granted_fen > GRANT_MAX {
        return Err(FundError::Field("granted_fen"));
    }
    Ok(())
}

fn check_text(field: &'static str, text: &str, chars_max: usize) -> Result<(), FundError> {
    let fits = !text.trim().is_empty() && text.chars().count() <= chars_max;
    if fits && !text.chars().any(char::is_control) { Ok(()) } else { Err(FundError::Field(field)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::funds::FundMode;

    #[test]
    fn a_grant_has_a_document_and_an_amount() {
        let grant = |document: &str, fen| NewFund {
            department: "市商务局".to_owned(),
            mode: FundMode::Prefund,
            document_no: document.to_owned(),
            granted_fen: Fen::new(fen),
        };
        assert!(check(&grant("甬商务〔2026〕18号", 1)).is_ok());
        for (wrong, field) in
            [(grant(" ", 1), "document_no"), (grant("a", 0), "granted_fen"), (grant("a", -1), "granted_fen")]
        {
            assert!(matches!(check(&wrong), Err(FundError::Field(found)) if found == field));
        }
    }
}
