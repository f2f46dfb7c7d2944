//! The SQL of signing in.

use super::{
    model::{Credentials, Holder, NewStaff, SessionToken, StaffAccount, StoredOtp},
    password::PasswordHash,
};
use crate::foundation::{
    act::{Actor, Role, Staff},
    db::{DbError, Row, Tx},
};
use domain::{
    ids::{ConsumerId, MerchantId, StaffId},
    time::UtcMillis,
};

pub(super) fn insert_staff(
    tx: &mut Tx<'_>,
    id: StaffId,
    new: &NewStaff,
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO staff (id, login, name, role, merchant, password_salt, password_hash, totp_generation, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            id.into(),
            (&new.login).into(),
            (&new.name).into(),
            new.role.as_str().into(),
            new.merchant.into(),
            new.password.salt.into(),
            new.password.hash.into(),
            new.totp.then_some(1_i64).into(),
            now.into(),
        ],
    )?;
    Ok(())
}

pub(super) fn find_staff(tx: &mut Tx<'_>, id: StaffId) -> Result<Option<StaffAccount>, DbError> {
    let row = tx.query_opt(
        "SELECT id, login, name, role, merchant, disabled_at FROM staff WHERE id = $1",
        &[id.into()],
    )?;
    row.as_ref().map(read_account).transpose()
}

pub(super) fn credentials(tx: &mut Tx<'_>, login: &str) -> Result<Option<Credentials>, DbError> {
    let row = tx.query_opt(
        "SELECT id, login, name, role, merchant, disabled_at, password_salt, password_hash, totp_generation, totp_step
         FROM staff WHERE login = $1",
        &[login.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Credentials {
        account: read_account(&row)?,
        password: PasswordHash { salt: row.get("password_salt")?, hash: row.get("password_hash")? },
        totp_generation: row.get("totp_generation")?,
        totp_step: row.get("totp_step")?,
    }))
}

fn read_account(row: &Row) -> Result<StaffAccount, DbError> {
    Ok(StaffAccount {
        id: row.get("id")?,
        login: row.get("login")?,
        name: row.get("name")?,
        role: row.get("role")?,
        merchant: row.get("merchant")?,
        disabled: row.get::<Option<UtcMillis>>("disabled_at")?.is_some(),
    })
}

pub(super) fn set_totp_step(tx: &mut Tx<'_>, id: StaffId, step: i64) -> Result<(), DbError> {
    tx.execute("UPDATE staff SET totp_step = $2 WHERE id = $1", &[id.into(), step.into()])?;
    Ok(())
}

/// True if there was somebody to disable.
pub(super) fn disable_staff(tx: &mut Tx<'_>, id: StaffId, now: UtcMillis) -> Result<bool, DbError> {
    let changed = tx.execute(
        "UPDATE staff SET disabled_at = $2 WHERE id = $1 AND disabled_at IS NULL",
        &[id.into(), now.into()],
    )?;
    Ok(changed == 1)
}

pub(super) fn insert_session(
    tx: &mut Tx<'_>,
    token: &SessionToken,
    holder: Holder,
    (now, expires_at): (UtcMillis, UtcMillis),
) -> Result<(), DbError> {
    let (consumer, staff) = match holder {
        Holder::Consumer(id) => (Some(id), None),
        Holder::Staff(id) => (None, Some(id)),
    };
    tx.execute(
        "INSERT INTO session (token_sha256, consumer, staff, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        &[token.sha256().into(), consumer.into(), staff.into(), now.into(), expires_at.into()],
    )?;
    Ok(())
}

/// Whom a token stands for at `now`.
pub(super) fn actor(tx: &mut Tx<'_>, token: &SessionToken, now: UtcMillis) -> Result<Option<Actor>, DbError> {
    let row = tx.query_opt(
        "SELECT s.consumer AS consumer, s.staff AS staff, t.role AS role, t.merchant AS merchant
         FROM session s LEFT JOIN staff t ON t.id = s.staff
         WHERE s.token_sha256 = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND t.disabled_at IS NULL",
        &[token.sha256().into(), now.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    if let Some(consumer) = row.get::<Option<ConsumerId>>("consumer")? {
        return Ok(Some(Actor::Consumer(consumer)));
    }
    Ok(Some(Actor::Staff(Staff {
        id: row.get("staff")?,
        role: row.get::<Role>("role")?,
        merchant: row.get::<Option<MerchantId>>("merchant")?,
    })))
}

pub(super) fn revoke_session(tx: &mut Tx<'_>, token: &SessionToken, now: UtcMillis) -> Result<(), DbError> {
    tx.execute(
        "UPDATE session SET revoked_at = $2 WHERE token_sha256 = $1 AND revoked_at IS NULL",
        &[token.sha256().into(), now.into()],
    )?;
    Ok(())
}

/// Revokes every session of `holder`; gives their number.
pub(super) fn revoke_sessions_of(tx: &mut Tx<'_>, holder: Holder, now: UtcMillis) -> Result<u64, DbError> {
    match holder {
        Holder::Consumer(id) => tx.execute(
            "UPDATE session SET revoked_at = $2 WHERE consumer = $1 AND revoked_at IS NULL",
            &[id.into(), now.into()],
        ),
        Holder::Staff(id) => tx.execute(
            "UPDATE session SET revoked_at = $2 WHERE staff = $1 AND revoked_at IS NULL",
            &[id.into(), now.into()],
        ),
    }
}

/// When codes were sent to a phone after `since`, oldest first.
pub(super) fn otp_requests(
    tx: &mut Tx<'_>,
    phone_hash: &str,
    since: UtcMillis,
) -> Result<Vec<UtcMillis>, DbError> {
    // Bounded by the limit on requests itself.
    let rows = tx.query(
        "SELECT at FROM otp_request WHERE phone_hash = $1 AND at > $2 ORDER BY at LIMIT 100",
        &[phone_hash.into(), since.into()],
    )?;
    rows.iter().map(|row| row.get("at")).collect()
}

/// Replaces the phone's code and notes that one was sent.
pub(super) fn save_otp(
    tx: &mut Tx<'_>,
    phone_hash: &str,
    otp: &StoredOtp,
    now: UtcMillis,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO otp (phone_hash, code_hash, expires_at, attempts_left) VALUES ($1, $2, $3, $4)
         ON CONFLICT (phone_hash) DO UPDATE SET code_hash = excluded.code_hash, expires_at = excluded.expires_at,
             attempts_left = excluded.attempts_left",
        &[phone_hash.into(), (&otp.code_hash).into(), otp.expires_at.into(), otp.attempts_left.into()],
    )?;
    tx.execute("INSERT INTO otp_request (phone_hash, at) VALUES ($1, $2)", &[phone_hash.into(), now.into()])?;
    Ok(())
}

pub(super) fn find_otp(tx: &mut Tx<'_>, phone_hash: &str) -> Result<Option<StoredOtp>, DbError> {
    let row = tx.query_opt(
        "SELECT code_hash, expires_at, attempts_left FROM otp WHERE phone_hash = $1",
        &[phone_hash.into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StoredOtp {
        code_hash: row.get("code_hash")?,
        expires_at: row.get("expires_at")?,
        attempts_left: row.get("attempts_left")?,
    }))
}

pub(super) fn delete_otp(tx: &mut Tx<'_>, phone_hash: &str) -> Result<(), DbError> {
    tx.execute("DELETE FROM otp WHERE phone_hash = $1", &[phone_hash.into()])?;
    Ok(())
}

pub(super) fn use_up_try(tx: &mut Tx<'_>, phone_hash: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE otp SET attempts_left = attempts_left - 1 WHERE phone_hash = $1 AND attempts_left > 0",
        &[phone_hash.into()],
    )?;
    Ok(())
}

/// Removes what can no longer matter: ended sessions, expired codes, times outside the window.
pub(super) fn forget(tx: &mut Tx<'_>, now: UtcMillis, requests_before: UtcMillis) -> Result<(), DbError> {
    tx.execute("DELETE FROM session WHERE expires_at <= $1", &[now.into()])?;
    tx.execute("DELETE FROM otp WHERE expires_at <= $1", &[now.into()])?;
    tx.execute("DELETE FROM otp_request WHERE at <= $1", &[requests_before.into()])?;
    Ok(())
}
