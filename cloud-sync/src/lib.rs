//! The kiosk's memory and its talk with the platform: offline store and sync engine, usable without a screen.
//!
//! What always holds (`docs/ARCHITECTURE.md`): a touch is answered from the store, never by the network; a claim is on
//! disk together with its outbox row before anybody sees it; an outbox row leaves only after the platform's answer;
//! a feed page or a grant is used only when the platform's pinned key signed it. Other answers (time, verdicts, refusals)
//! are as good as the TLS they came over.
//!
//! [`store`] holds the two databases, [`core`] decides what to say to the platform (pure), [`wire`] turns that into
//! requests and believes answers (pure), [`engine`] carries it out over a [`transport`].

pub mod backoff;
pub mod core;
pub mod disk;
pub mod engine;
pub mod media;
pub mod owner;
pub mod ports;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod transport;
pub mod wire;

/// The feed's rows and the platform's word on a claim, as the store hands them to a screen.
pub use protocol::{
    device::KioskConfig,
    feed::{BatchRow, MallRow, StoreRow},
    outbox::Verdict,
};
