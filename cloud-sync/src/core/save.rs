//! What the core asks of the store, and what the store gives back.

use crate::store::{Applied, GrantRefused, PageRefused, PartOutcome, Settled, Standing, Store, StoreError};
use domain::{
    ids::{BatchId, EventId, LeaseId},
    time::UtcMillis,
};
use protocol::{
    device::EnrolAnswer,
    feed::Page,
    lease::{CloseRequest, Grant, LeaseRequest},
    media::MediaHash,
    outbox::{ClaimOutcome, ClaimReport},
    signed::Signed,
};

/// One operation of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Save {
    /// Make the key of the next enrolment. Gives [`Saved::Candidate`].
    BeginEnrolment,
    /// Take the platform's answer. Gives [`Saved::Enrolled`].
    CompleteEnrolment {
        /// Where the platform is.
        origin: String,
        /// What it said.
        answer: EnrolAnswer,
    },
    /// Take the number of the next signed POST. Gives [`Saved::Counted`].
    CountRequest,
    /// This disk is older than what the kiosk once said: stop for good, and confess.
    Fence(Signed),
    /// The platform has taken the confession.
    Confessed,
    /// The platform stands by the enrolment, or not any more.
    SetStanding(Standing),
    /// The platform answered a heartbeat: it stands by the enrolment, and this is its time.
    Heard(UtcMillis),
    /// So late it is, by the platform's time carried on: what the kiosk believes after a restart begins there.
    NoteTime(UtcMillis),
    /// Make a lease request durable. Gives [`Saved::Request`].
    RecordRequest {
        /// The batch.
        batch: BatchId,
        /// Slots wanted.
        want: u32,
        /// When the period begins they are wanted for; absent for the one that runs.
        at: Option<UtcMillis>,
    },
    /// A request will get no grant.
    DropRequest(u64),
    /// Take a grant. Gives [`Saved::Granted`].
    AcceptGrant(Grant),
    /// Close a lease, durably, before the platform is told. Gives [`Saved::Closing`].
    CloseLease(LeaseId),
    /// The platform knows that a lease is closed.
    CloseAnswered(LeaseId),
    /// Read the claims whose turn it is, at most so many. Gives [`Saved::Pending`].
    ReadOutbox(usize),
    /// Take the platform's verdicts. Gives [`Saved::Settled`].
    Acknowledge(Vec<ClaimOutcome>),
    /// Put claims behind the others.
    PutOff(Vec<EventId>),
    /// Apply a feed page. Gives [`Saved::Applied`].
    ApplyPage(Box<Page>),
    /// Add bytes to a medium. Gives [`Saved::MediaPart`].
    MediaPart {
        /// Which.
        sha256: MediaHash,
        /// Where they begin.
        from: u32,
        /// The bytes.
        part: Vec<u8>,
    },
    /// Look at an unchecked file. Gives [`Saved::MediaPart`].
    CheckMedium(MediaHash),
    /// Throw away the parts of a medium.
    ForgetMedium(MediaHash),
    /// Let media give way.
    ShrinkMedia,
    /// Drop what has outlived its use.
    Prune,
}

/// What an operation gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// Public half of the key for the next enrolment.
    Candidate([u8; 32]),
    /// The kiosk is enrolled.
    Enrolled,
    /// The number of the next signed POST.
    Counted(u64),
    /// The request to send.
    Request(LeaseRequest),
    /// Whether the grant was taken.
    Granted(Result<(), GrantRefused>),
    /// What to tell the platform of the closed lease; `None` when there is nothing to tell.
    Closing(Option<CloseRequest>),
    /// The claims to report.
    Pending(Vec<ClaimReport>),
    /// Claims that were answered for the first time.
    Settled(Vec<Settled>),
    /// Whether the page was applied.
    Applied(Result<Applied, PageRefused>),
    /// The disk has no room for the page; media gave way as far as they could.
    NoRoom,
    /// What became of a medium's bytes.
    MediaPart(MediaHash, PartOutcome),
    /// Done, with nothing to say.
    Done,
}

/// Does what the core asks. `now` is the platform's time as far as known, `key_seed` 32 fresh random bytes.
///
/// # Errors
/// [`StoreError`] when nothing was done.
pub fn perform(
    store: &mut Store,
    save: Save,
    now: UtcMillis,
    key_seed: [u8; 32],
) -> Result<Saved, StoreError> {
    Ok(match save {
        Save::BeginEnrolment => Saved::Candidate(store.begin_enrolment(key_seed)?),
        Save::CompleteEnrolment { origin, answer } => {
            store.complete_enrolment(&origin, &answer)?;
            Saved::Enrolled
        }
        Save::CountRequest => Saved::Counted(store.count_request()?),
        Save::Fence(challenge) => done(store.fence(&challenge))?,
        Save::Confessed => done(store.confessed())?,
        Save::SetStanding(standing) => done(store.set_standing(standing))?,
        Save::Heard(platform) => done(store.heard(platform))?,
        Save::NoteTime(platform) => done(store.note_time(platform))?,
        Save::RecordRequest { batch, want, at } => Saved::Request(store.record_request(batch, want, at)?),
        Save::DropRequest(request_no) => done(store.drop_request(request_no))?,
        Save::AcceptGrant(grant) => Saved::Granted(store.accept_grant(&grant, now)?),
        Save::CloseLease(lease) => Saved::Closing(store.close_lease(lease)?),
        Save::CloseAnswered(lease) => done(store.close_answered(lease))?,
        Save::ReadOutbox(limit) => Saved::Pending(store.pending(limit)?),
        Save::Acknowledge(outcomes) => Saved::Settled(store.acknowledge(&outcomes)?),
        Save::PutOff(events) => done(store.put_off(&events))?,
        Save::ApplyPage(page) => match store.apply_page(&page) {
            Err(error) if error.is_full() => {
                store.shrink_media();
                Saved::NoRoom
            }
            applied => Saved::Applied(applied?),
        },
        Save::MediaPart { sha256, from, part } => {
            let outcome = match store.add_media_part((sha256, from, &part), now) {
                Err(error) if error.is_full() => PartOutcome::NoRoom,
                outcome => outcome?,
            };
            Saved::MediaPart(sha256, outcome)
        }
        Save::CheckMedium(sha256) => {
            let whole = store.check_medium(sha256, now)?;
            Saved::MediaPart(sha256, if whole { PartOutcome::Whole } else { PartOutcome::NotWanted })
        }
        Save::ForgetMedium(sha256) => done(store.forget_medium(sha256))?,
        Save::ShrinkMedia => {
            store.shrink_media();
            Saved::Done
        }
        Save::Prune => done(store.prune(now))?,
    })
}

fn done(outcome: Result<(), StoreError>) -> Result<Saved, StoreError> {
    outcome.map(|()| Saved::Done)
}
