//! What goes when room is needed. Pure.
//!
//! Invariant: a medium the catalogue names goes only to give the disk its floor back, never to make room for another.

use crate::media::Space;
use protocol::media::MediaHash;

/// The whole of a disk, in basis points.
const WHOLE_BP: u64 = 10_000;

/// How much of the disk media may take, and for which screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaPolicy {
    /// Pixels across the screen: the narrowest variant that need not be enlarged is fetched.
    pub screen_width_px: u32,
    /// Bytes media may take.
    pub budget_bytes: u64,
    /// Part of the disk that stays free, in basis points.
    pub floor_bp: u16,
}

impl Default for MediaPolicy {
    fn default() -> MediaPolicy {
        MediaPolicy { screen_width_px: 1_080, budget_bytes: 2 << 30, floor_bp: 1_500 }
    }
}

impl MediaPolicy {
    /// Bytes that stay free on this disk.
    pub(super) fn floor_bytes(&self, space: Space) -> u64 {
        space.total_bytes / WHOLE_BP * u64::from(self.floor_bp)
    }
}

/// A file that can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Evictable {
    pub(super) medium: MediaHash,
    /// Bytes it takes.
    pub(super) bytes: u64,
    /// The catalogue names it.
    pub(super) named: bool,
    pub(super) used_at_ms: i64,
}

/// What is to be done before more is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// These go, in this order.
    pub(super) evict: Vec<MediaHash>,
    /// Then there is room within budget and floor.
    pub(super) fits: bool,
}

/// Makes room for `incoming_bytes` more: what nobody names goes first, the longest unused before others. With nothing
/// coming it is about the floor alone, and named media go as well.
pub(super) fn plan(files: &[Evictable], space: Space, policy: &MediaPolicy, incoming_bytes: u64) -> Plan {
    let mut used: u64 = files.iter().map(|file| file.bytes).sum();
    let mut free = space.free_bytes;
    let floor = policy.floor_bytes(space);
    let mut order = files.to_vec();
    order.sort_by_key(|file| (file.named, file.used_at_ms, file.medium));
    let mut evict = Vec::new();
    let fits = |used: u64, free: u64| {
        used.saturating_add(incoming_bytes) <= policy.budget_bytes
            && free.saturating_sub(incoming_bytes) >= floor
            && free >= incoming_bytes
    };
    for file in order {
        if fits(used, free) || (file.named && incoming_bytes > 0) {
            break;
        }
        used -= file.bytes;
        free = free.saturating_add(file.bytes);
        evict.push(file.medium);
    }
    Plan { fits: fits(used, free), evict }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    fn file(number: u8, mib: u64, named: bool, used_at_ms: i64) -> Evictable {
        Evictable { medium: MediaHash::from_bytes([number; 32]), bytes: mib * MIB, named, used_at_ms }
    }

    fn numbers(plan: &Plan) -> Vec<u8> {
        plan.evict.iter().map(|medium| medium.bytes()[0]).collect()
    }

    fn space(free_mib: u64) -> Space {
        Space { free_bytes: free_mib * MIB, total_bytes: 1_000 * MIB }
    }

    #[test]
    fn the_longest_unused_of_what_nobody_names_goes_first_and_no_more_than_needed() {
        let files = [file(1, 10, true, 1), file(2, 10, false, 9), file(3, 10, false, 5)];
        let policy = MediaPolicy { budget_bytes: 35 * MIB, ..MediaPolicy::default() };
        let plan_of = |incoming: u64| plan(&files, space(900), &policy, incoming * MIB);
        assert_eq!((numbers(&plan_of(5)), plan_of(5).fits), (vec![], true));
        assert_eq!((numbers(&plan_of(15)), plan_of(15).fits), (vec![3], true));
        assert_eq!((numbers(&plan_of(25)), plan_of(25).fits), (vec![3, 2], true));
        assert_eq!((numbers(&plan_of(26)), plan_of(26).fits), (vec![3, 2], false), "a named one stays");
    }

    #[test]
    fn below_the_floor_named_media_go_as_well() {
        let files = [file(1, 30, true, 1), file(2, 10, false, 9), file(3, 30, true, 5)];
        let policy = MediaPolicy::default();
        assert_eq!(numbers(&plan(&files, space(150), &policy, 0)), [0_u8; 0]);
        assert_eq!(numbers(&plan(&files, space(141), &policy, 0)), [2]);
        assert_eq!(numbers(&plan(&files, space(120), &policy, 0)), [2, 1]);
        assert!(!plan(&files, space(0), &policy, 0).fits);
    }

    proptest! {
        #[test]
        fn what_is_said_to_fit_keeps_budget_and_floor(
            sizes in proptest::collection::vec((0_u64..60, any::<bool>(), 0_i64..9), 0..20),
            free in 0_u64..1_000, incoming in 0_u64..80,
        ) {
            let files: Vec<Evictable> = (0..).zip(&sizes).map(|(number, (mib, named, used))| file(number, *mib, *named, *used)).collect();
            let policy = MediaPolicy { budget_bytes: 300 * MIB, ..MediaPolicy::default() };
            let plan = plan(&files, space(free), &policy, incoming * MIB);
            let gone: u64 = files.iter().filter(|file| plan.evict.contains(&file.medium)).map(|file| file.bytes).sum();
            let left: u64 = files.iter().map(|file| file.bytes).sum::<u64>() - gone;
            if plan.fits {
                prop_assert!(left + incoming * MIB <= policy.budget_bytes);
                prop_assert!(free * MIB + gone >= incoming * MIB + policy.floor_bytes(space(free)));
            }
            if incoming > 0 {
                prop_assert!(files.iter().all(|file| !file.named || !plan.evict.contains(&file.medium)));
            }
        }
    }
}
