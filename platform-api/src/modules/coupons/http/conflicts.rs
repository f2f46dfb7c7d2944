//! Conflicts over HTTP: the list for those who run kiosks, and the second write that a refusal at a till needs.

use super::super::{
    model::{Conflict, CouponError, Presented, SeenVoucher},
    service,
};
use super::bodies::text;
use crate::foundation::{act::Actor, app::App, error::Problem, request::Call};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

/// As many as somebody reads; the audit has them all.
const LIST_MAX: u32 = 200;

/// What a till brought, kept until it is known whether it was refused. A refusal is rolled back, so the conflict it
/// may have met is written down by itself.
#[expect(missing_debug_implementations, reason = "it holds codes that must not reach a log")]
pub struct Refused {
    actor: Actor,
    request_id: String,
    presented: Presented,
}

impl Refused {
    /// What the call brings.
    pub fn of(call: &Call, presented: &Presented) -> Refused {
        let request_id = call.act.request_id.clone();
        Refused { actor: *call.actor(), request_id, presented: presented.clone() }
    }

    /// Gives the outcome back; one that is a refusal is noted if it met a conflict.
    pub async fn note<T>(self, app: &App, outcome: Result<T, Problem>) -> Result<T, Problem> {
        if outcome.is_err() {
            let act = app.act(self.actor, self.request_id)?;
            let presented = self.presented;
            let noted = app.db.write_async(move |tx| {
                act.restart();
                service::note_refused(tx, &act, &presented)
            });
            noted.await.map_err(|error: CouponError| Problem::from(error))?;
        }
        outcome
    }
}

/// Two vouchers for one slot of one kiosk.
#[derive(Serialize, ToSchema)]
pub(super) struct ConflictBody {
    /// The kiosk whose key signed both.
    device: String,
    lease: String,
    slot: u32,
    /// The voucher seen first; it is the one that is honoured, unless the rules refused it for a reason of its own.
    first: SeenBody,
    /// A later one; refused, unless it names the same person, who has one coupon all the same.
    other: SeenBody,
}

/// A voucher, and when and where it was seen first.
#[derive(Serialize, ToSchema)]
struct SeenBody {
    /// Its text, `CV1:…`.
    voucher: String,
    seen_at: String,
    /// `kiosk:<id>` for a report, `store:<id>` for a till.
    #[schema(example = "store:0198c0de-0000-7000-8000-000000000005")]
    place: String,
}

impl From<SeenVoucher> for SeenBody {
    fn from(seen: SeenVoucher) -> SeenBody {
        SeenBody { voucher: seen.voucher, seen_at: text(seen.at), place: seen.place }
    }
}

impl From<Conflict> for ConflictBody {
    fn from(conflict: Conflict) -> ConflictBody {
        ConflictBody {
            device: conflict.device.to_string(),
            lease: conflict.lease.to_string(),
            slot: conflict.slot,
            first: conflict.first.into(),
            other: conflict.other.into(),
        }
    }
}

/// Slots that were issued twice because a kiosk's disk was rolled back or copied, newest first, at most 200.
#[utoipa::path(get, path = "/api/o/v1/kiosks/conflicts", tag = "fleet",
    responses((status = 200, body = Vec<ConflictBody>)))]
pub(super) async fn list_conflicts(
    State(app): State<App>,
    call: Call,
) -> Result<Json<Vec<ConflictBody>>, Problem> {
    let conflicts = app.read(call, |tx, _| service::conflicts(tx, LIST_MAX)).await?;
    Ok(Json(conflicts.into_iter().map(ConflictBody::from).collect()))
}
