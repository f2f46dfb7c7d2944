//! Signing in with a phone and the code sent to it: finds the consumer or makes one, and opens a session.

use super::{
    super::{error::ConsumersError, keys::Keys},
    Registration, find_or_register,
};
use crate::{
    foundation::{act::Act, app::App, db::Tx, error::Problem},
    modules::auth::{self, Holder, OtpProof, OtpVerdict, Phone, SessionToken},
};
use domain::ids::ConsumerId;

/// What was typed.
#[derive(Clone)]
pub struct SignIn {
    phone: Phone,
    proof: OtpProof,
    account_text_version: Option<u32>,
    session_s: u32,
}

impl SignIn {
    /// Phone and code as typed; `account_text_version` is the P1 text a new person agreed to.
    pub fn new(
        app: &App,
        phone: Phone,
        code: &str,
        account_text_version: Option<u32>,
    ) -> Result<SignIn, Problem> {
        let proof = OtpProof::new(app, &phone, code)?;
        Ok(SignIn { phone, proof, account_text_version, session_s: app.config.auth.consumer_session_s })
    }

    /// How long the session will hold, in seconds.
    pub const fn session_s(&self) -> u32 {
        self.session_s
    }
}

/// A session that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Whose.
    pub consumer: ConsumerId,
    /// What the browser or program shows from now on.
    pub token: SessionToken,
    /// True for somebody who was registered just now.
    pub is_new: bool,
}

/// Checks the code and opens a session; `None` for a wrong code, whose used-up try is saved. A new phone without the
/// consent P1 is refused and its code stays usable.
pub(in super::super) fn sign_in(
    tx: &mut Tx<'_>,
    act: &Act,
    keys: &Keys,
    request: &SignIn,
) -> Result<Option<SignedIn>, ConsumersError> {
    match auth::verify_otp(tx, act, &request.proof)? {
        OtpVerdict::Refused => return Ok(None),
        OtpVerdict::Accepted => {}
    }
    let registration = Registration {
        phone: request.phone.as_str(),
        account_text_version: request.account_text_version,
        channel: "phone",
    };
    let (consumer, is_new) = find_or_register(tx, act, keys, &registration)?;
    let token = auth::open_session(tx, act, Holder::Consumer(consumer), request.session_s)?;
    Ok(Some(SignedIn { consumer, token, is_new }))
}
