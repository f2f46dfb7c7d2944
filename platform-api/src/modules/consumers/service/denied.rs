//! Who is turned away: blocking, and what kiosks must know of it.

use super::super::{
    error::ConsumersError,
    model::Denied,
    store::{denied as rows, passes},
};
use crate::foundation::{
    act::Act,
    audit,
    db::{DbError, Tx},
};
use domain::{ids::ConsumerId, time::UtcMillis};

/// Longest reason for blocking somebody.
const REASON_CHARS_MAX: usize = 200;

/// Blocks a person, or no longer. Coupons they hold stay theirs; their codes are refused, and their passes end for good.
pub(in super::super) fn set_blocked(
    tx: &mut Tx<'_>,
    act: &Act,
    consumer: ConsumerId,
    (blocked, reason): (bool, &str),
) -> Result<(), ConsumersError> {
    if !(1..=REASON_CHARS_MAX).contains(&reason.chars().count()) {
        return Err(ConsumersError::Field("reason"));
    }
    if !rows::set_blocked(tx, consumer, blocked.then_some(act.now))? {
        return Err(ConsumersError::Unknown);
    }
    if blocked {
        passes::revoke(tx, consumer, act.now)?;
    }
    let (action, subject) =
        (if blocked { "consumer.block" } else { "consumer.unblock" }, format!("consumer:{consumer}"));
    let entry = audit::Entry { surface: "O", action, subject: &subject, before: None, after: None, reason };
    Ok(audit::append(tx, act, &entry)?)
}

/// Refuses somebody who is blocked.
pub(in super::super) fn refuse_blocked(tx: &mut Tx<'_>, consumer: ConsumerId) -> Result<(), ConsumersError> {
    if rows::is_blocked(tx, consumer)? { Err(ConsumersError::Blocked) } else { Ok(()) }
}

/// Who is blocked, and who took a consent back since `since`.
pub(in super::super) fn denied(tx: &mut Tx<'_>, since: UtcMillis) -> Result<Denied, DbError> {
    Ok(Denied { blocked: rows::blocked(tx)?, withdrawn: rows::withdrawn_since(tx, since)? })
}
