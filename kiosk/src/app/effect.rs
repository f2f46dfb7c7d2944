//! What the kiosk does next. The shell carries it out and answers with an event.

use domain::consumer_code::{CodeHead, Pseudonym};
use domain::ids::BatchId;

use crate::ports::Cue;

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Burn this code and look up what its person holds; answered by [`super::Event::SessionOpened`].
    OpenSession {
        /// Returned with the answer.
        token: u64,
        /// The believed code.
        head: CodeHead,
    },
    /// Put one claim on disk; answered by [`super::Event::ClaimAnswered`].
    Claim {
        /// Returned with the answer.
        token: u64,
        /// The batch.
        batch: BatchId,
        /// The person.
        pseudonym: Pseudonym,
    },
    /// Count what can be issued; answered by [`super::Event::StockCounted`].
    CountStock,
    /// Something waits to be sent.
    NudgeSync,
    /// Tell the platform with the next heartbeat whether the camera works.
    ReportCamera(bool),
    /// Play a sound.
    Play(Cue),
}
