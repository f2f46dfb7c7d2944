//! `platform-api price`: prices case files without a server, a database or a clock.
//!
//! One result a line on the first writer; the first refused case ends it, with nothing but its problem on the second.

use crate::foundation::error::{Code, Problem};
use domain::quote::{Case, CaseError, CaseFile, Quote};
use std::{
    fs,
    io::{self, Write},
    path::PathBuf,
};

/// Prices every file in the order given; false when one was refused.
///
/// # Errors
/// When a file cannot be read, or a writer has gone.
pub fn run(files: &[PathBuf], out: &mut dyn Write, refusals: &mut dyn Write) -> io::Result<bool> {
    for file in files {
        match price(&fs::read(file)?) {
            Ok(quote) => writeln!(out, "{}", serde_json::to_string(&quote)?)?,
            Err(refused) => {
                writeln!(refusals, "{}", serde_json::to_string(&problem(&refused).body(None))?)?;
                return Ok(false);
            }
        }
    }
    out.flush()?;
    Ok(true)
}

fn price(text: &[u8]) -> Result<Quote, CaseError> {
    let file: CaseFile =
        serde_json::from_slice(text).map_err(|error| CaseError::Malformed(error.to_string()))?;
    domain::quote::price(&Case::try_from(file)?)
}

fn problem(refused: &CaseError) -> Problem {
    let code = match refused {
        CaseError::Malformed(_) => Code::MalformedCase,
        CaseError::LimitExceeded => Code::LimitExceeded,
        CaseError::RefundExceedsRemaining(_) => Code::RefundExceedsRemaining,
    };
    Problem::new(code).detail(refused.to_string())
}
