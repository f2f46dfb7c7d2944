//! Claimed: what, where, until when, and the voucher to take along.

use std::time::Duration;

use cloud_sync::{BatchRow, Verdict};
use domain::ids::BatchId;
use domain::time::UtcMillis;

use super::{card, words};
use crate::app::flow::claimed as flow;
use crate::app::state::{Claim, State};
use crate::ports::Now;

/// What claimed shows.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimedView {
    /// The news.
    pub title: String,
    /// Title and amount of the coupon.
    pub coupon: String,
    /// Where, until when, from which bill.
    pub lines: Vec<String>,
    /// What the QR code says; empty when there is nothing to take along.
    pub voucher: String,
    /// What to do with the code, and until when.
    pub instruction: String,
    /// What is not settled yet; may be empty.
    pub state_note: String,
    /// Seconds until the stay ends.
    pub seconds_left: u32,
}

impl std::fmt::Debug for ClaimedView {
    /// Leaves the voucher out: whoever has its text has the coupon.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ClaimedView")
            .field("title", &self.title)
            .field("coupon", &self.coupon)
            .finish_non_exhaustive()
    }
}

pub(super) fn view(state: &State, batch: BatchId, since: Duration, now: Now) -> Option<ClaimedView> {
    let claim = state.claim(batch)?;
    let row = state.device.catalogue.batches.get(&batch);
    let at = state.time(now);
    let coupon = row.map(|row| format!("{} {}", row.title, words::amount(&row.terms.benefit).in_a_word()));
    let lines = row.map(|row| {
        let ends_at = words::end(row.terms.ends_at(claim.claimed_at), at);
        vec![card::place(state, row), format!("{ends_at} 前有效"), words::rule(&row.terms.benefit)]
    });
    let words = outcome(state, claim);
    let good_until = words::end(good_until(claim, row), at);
    Some(ClaimedView {
        title: words.title.to_owned(),
        coupon: coupon.unwrap_or_default(),
        lines: lines.unwrap_or_default(),
        voucher: if words.is_good { claim.voucher.clone() } else { String::new() },
        instruction: if words.is_good {
            format!("用手机扫一扫带走\n{good_until} 前到店出示给店员")
        } else {
            String::new()
        },
        state_note: words.note.to_owned(),
        seconds_left: flow::countdown(state, since).left_s(now.monotonic),
    })
}

/// Until when the till honours the code: R while nobody has confirmed it, and never past the end of the coupon.
fn good_until(claim: &Claim, row: Option<&BatchRow>) -> UtcMillis {
    match &claim.verdict {
        Some(Verdict::Issued { ends_at }) => *ends_at,
        None | Some(Verdict::Suspect { .. } | Verdict::Rejected { .. } | Verdict::Unknown) => {
            let ends_at = row.map(|row| row.terms.ends_at(claim.claimed_at));
            ends_at.map_or(claim.redeem_before, |end| end.min(claim.redeem_before))
        }
    }
}

/// The platform's code for a claim whose batch was recalled meanwhile.
const RECALLED: &str = "BATCH_RECALLED";

struct Outcome {
    title: &'static str,
    note: &'static str,
    is_good: bool,
}

fn outcome(state: &State, claim: &Claim) -> Outcome {
    let good = |note| Outcome { title: "领取成功", note, is_good: true };
    match &claim.verdict {
        None if state.device.online => good("已领取，正在确认"),
        None => good("已领取，待网络恢复后确认"),
        Some(Verdict::Issued { .. }) => good(""),
        Some(Verdict::Suspect { .. } | Verdict::Unknown) => good("已领取，使用前可能需要店员核实"),
        Some(Verdict::Rejected { code }) if code == RECALLED => {
            Outcome {
                title: "这批券已收回", note: "活动方已收回这批券，请到服务台咨询", is_good: false
            }
        }
        Some(Verdict::Rejected { .. }) => {
            Outcome {
                title: "这张券没有领成", note: "平台没有通过，请到服务台咨询", is_good: false
            }
        }
    }
}
