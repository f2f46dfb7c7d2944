//! The configuration pushed through the feed: only a newer version replaces the one in use.

use protocol::device::KioskConfig;

/// True if `newer` may replace the configuration `held`: its version only grows.
pub(super) fn accepts(held: &KioskConfig, newer: &KioskConfig) -> bool {
    newer.version > held.version
}
