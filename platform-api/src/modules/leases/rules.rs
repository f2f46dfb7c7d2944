//! How large a lease is, how long it lives, and what a closed or ended one gives back. Pure.

use super::model::{Lease, SlotState};
use crate::config::LeaseConfig;
use domain::time::UtcMillis;
use protocol::lease::LEASE_SLOTS_MAX;

/// A kiosk that was silent for longer than this must send a heartbeat before it is lent anything.
pub(super) const SILENT_MS_MAX: i64 = 72 * 3_600_000;

/// E and R of a lease granted at `now`.
pub(super) fn life(config: &LeaseConfig, now: UtcMillis) -> (UtcMillis, UtcMillis) {
    let expires_at = now.plus_ms(i64::from(config.issue_s) * 1_000);
    (expires_at, expires_at.plus_ms(i64::from(config.voucher_s) * 1_000))
}

/// How many slots to ask of the stock: what the kiosk wants, within what the batch and the protocol allow.
pub(super) fn size(want: u32, batch_slots: u32) -> u32 {
    want.min(batch_slots).min(LEASE_SLOTS_MAX)
}

/// True if a kiosk last heard of at `heard_at` has been silent for too long.
pub(super) fn is_silent(heard_at: UtcMillis, now: UtcMillis) -> bool {
    now.since(heard_at) > SILENT_MS_MAX
}

/// Where `slot` stands, given the row it has in the table (`Some(redeemed)`).
pub(super) fn slot_state(lease: &Lease, slot: u32, row: Option<bool>) -> SlotState {
    let closed = lease.closed_from.is_some_and(|from| slot >= from);
    match row {
        Some(true) => SlotState::Redeemed,
        Some(false) => SlotState::Reported,
        None if lease.reclaimed || closed => SlotState::Returned,
        None => SlotState::Open,
    }
}

/// How many slots go back to stock when a lease ends: all that the kiosk may have issued and nobody spoke for.
///
/// Slots given back at a close are no longer part of it; `spoken_for` counts the slots with a row.
pub(super) fn returned_at_reclaim(lease: &Lease, spoken_for: u32) -> u32 {
    lease.closed_from.unwrap_or(lease.slots).saturating_sub(spoken_for)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{BatchId, DeviceId, LeaseId};

    fn lease(closed_from: Option<u32>, reclaimed: bool) -> Lease {
        Lease {
            id: LeaseId::from_bytes([1; 16]),
            device: DeviceId::from_bytes([2; 16]),
            epoch: 1,
            batch: BatchId::from_bytes([3; 16]),
            version: 1,
            slots: 10,
            device_key: [0; 32],
            reclaim_at: UtcMillis::new(0),
            closed_from,
            reclaimed,
        }
    }

    #[test]
    fn a_lease_never_exceeds_batch_or_protocol() {
        assert_eq!(size(5, 20), 5);
        assert_eq!(size(500, 20), 20);
        assert_eq!(size(500, 500), LEASE_SLOTS_MAX);
    }

    #[test]
    fn a_slot_given_back_or_reclaimed_is_dead_unless_it_was_spoken_for() {
        assert_eq!(slot_state(&lease(Some(3), false), 3, None), SlotState::Returned);
        assert_eq!(slot_state(&lease(Some(3), false), 2, None), SlotState::Open);
        assert_eq!(slot_state(&lease(None, true), 2, None), SlotState::Returned);
        assert_eq!(slot_state(&lease(None, true), 2, Some(false)), SlotState::Reported);
        assert_eq!(slot_state(&lease(Some(3), true), 2, Some(true)), SlotState::Redeemed);
    }

    #[test]
    fn what_was_given_back_at_the_close_does_not_come_back_twice() {
        assert_eq!(returned_at_reclaim(&lease(None, false), 4), 6);
        assert_eq!(returned_at_reclaim(&lease(Some(5), false), 4), 1);
        assert_eq!(returned_at_reclaim(&lease(Some(4), false), 4), 0);
    }

    #[test]
    fn seventy_two_hours_of_silence_are_still_trusted() {
        let heard_at = UtcMillis::new(0);
        assert!(!is_silent(heard_at, heard_at.plus_ms(SILENT_MS_MAX)));
        assert!(is_silent(heard_at, heard_at.plus_ms(SILENT_MS_MAX + 1)));
    }
}
