//! Sending and checking codes, signing staff in, opening and ending sessions.

use super::{
    model::{
        AuthError, Holder, IssuedOtp, NewStaff, OtpLimits, OtpProof, OtpVerdict, Phone, SessionToken, SignIn,
        StaffAccount, StoredOtp, Surface,
    },
    rules, store,
};
use crate::foundation::{
    act::Act,
    audit,
    db::{DbError, Tx},
};
use domain::{ids::StaffId, time::UtcMillis};

/// Makes a new code for a phone, unless it has had too many. The caller sends it after the commit.
pub(super) fn request_otp(
    tx: &mut Tx<'_>,
    act: &Act,
    (phone, key): (&Phone, &[u8; 32]),
    limits: OtpLimits,
) -> Result<IssuedOtp, AuthError> {
    let phone_hash = phone.hash(key);
    let sent = store::otp_requests(tx, &phone_hash, act.now.plus_ms(-rules::OTP_WINDOW_MS))?;
    rules::may_send(&sent, limits, act.now)?;
    let code = format!("{:06}", act.chance_below(1_000_000));
    let stored = StoredOtp {
        code_hash: OtpProof::keyed(key, phone, &code).code_hash,
        expires_at: act.now.plus_ms(i64::from(limits.ttl_s) * 1000),
        attempts_left: limits.attempts_max,
    };
    store::save_otp(tx, &phone_hash, &stored, act.now)?;
    Ok(IssuedOtp { code })
}

/// Checks a typed code. Right: it is used up. Wrong: one try is used up, so the transaction must be saved either way.
pub fn verify_otp(tx: &mut Tx<'_>, act: &Act, proof: &OtpProof) -> Result<OtpVerdict, DbError> {
    let Some(stored) = store::find_otp(tx, &proof.phone_hash)? else { return Ok(OtpVerdict::Refused) };
    let verdict = rules::judge_otp(&stored, &proof.code_hash, act.now);
    match verdict {
        OtpVerdict::Accepted => store::delete_otp(tx, &proof.phone_hash)?,
        OtpVerdict::Refused => store::use_up_try(tx, &proof.phone_hash)?,
    }
    Ok(verdict)
}

/// Opens a session that ends after `session_s` seconds, and gives its token: the only time it is seen.
pub fn open_session(
    tx: &mut Tx<'_>,
    act: &Act,
    holder: Holder,
    session_s: u32,
) -> Result<SessionToken, DbError> {
    let token = SessionToken::new(act.chance());
    let expires_at = act.now.plus_ms(i64::from(session_s) * 1000);
    store::insert_session(tx, &token, holder, (act.now, expires_at))?;
    Ok(token)
}

/// Ends one session; one that has ended already stays so.
pub fn end_session(tx: &mut Tx<'_>, act: &Act, token: &SessionToken) -> Result<(), DbError> {
    store::revoke_session(tx, token, act.now)
}

/// Ends every session of a consumer or a member of staff; gives their number.
pub fn end_sessions_of(tx: &mut Tx<'_>, act: &Act, holder: Holder) -> Result<u64, DbError> {
    store::revoke_sessions_of(tx, holder, act.now)
}

/// Signs staff in whose password was right a moment ago.
pub(super) fn sign_in(tx: &mut Tx<'_>, act: &Act, request: &SignIn) -> Result<SessionToken, AuthError> {
    let login = &request.credentials.account.login;
    let present = store::credentials(tx, login)?.ok_or(AuthError::WrongCredentials)?;
    let unchanged = present.password == request.credentials.password;
    let account = &present.account;
    if account.disabled || !unchanged || Surface::of(account.role) != Some(request.surface) {
        return Err(AuthError::WrongCredentials);
    }
    if let Some(generation) = present.totp_generation {
        let code = request.totp.as_deref().ok_or(AuthError::TotpRequired)?;
        let secret = rules::totp_secret(&request.totp_key, account.id, generation);
        let step = rules::totp_step(&secret, code, act.now, present.totp_step);
        store::set_totp_step(tx, account.id, step.ok_or(AuthError::WrongCredentials)?)?;
    }
    Ok(open_session(tx, act, Holder::Staff(account.id), request.session_s)?)
}

/// Adds a member of staff.
pub fn create_staff(tx: &mut Tx<'_>, act: &Act, new: &NewStaff) -> Result<StaffId, AuthError> {
    rules::check_staff(new)?;
    let id = act.mint(StaffId::new);
    store::insert_staff(tx, id, new, act.now).map_err(login_taken)?;
    note(tx, act, "staff.create", id, &format!("{}/{}", new.login, new.role.as_str()))?;
    Ok(id)
}

/// Ends a member of staff's access at once, sessions included.
pub fn disable_staff(tx: &mut Tx<'_>, act: &Act, id: StaffId) -> Result<(), AuthError> {
    if !store::disable_staff(tx, id, act.now)? {
        return Err(AuthError::Unknown);
    }
    store::revoke_sessions_of(tx, Holder::Staff(id), act.now)?;
    Ok(note(tx, act, "staff.disable", id, "disabled")?)
}

/// A member of staff.
pub fn staff(tx: &mut Tx<'_>, id: StaffId) -> Result<Option<StaffAccount>, DbError> {
    store::find_staff(tx, id)
}

/// Removes ended sessions, expired codes and what the limit no longer counts.
pub(super) fn forget(tx: &mut Tx<'_>, now: UtcMillis) -> Result<(), DbError> {
    store::forget(tx, now, now.plus_ms(-rules::OTP_WINDOW_MS))
}

fn login_taken(error: DbError) -> AuthError {
    if error.is_unique_on("staff.login") { AuthError::LoginTaken } else { AuthError::Database(error) }
}

fn note(tx: &mut Tx<'_>, act: &Act, action: &str, id: StaffId, after: &str) -> Result<(), DbError> {
    let subject = format!("staff:{id}");
    let entry = audit::Entry {
        surface: "O",
        action,
        subject: &subject,
        before: None,
        after: Some(after),
        reason: "",
    };
    audit::append(tx, act, &entry)
}
