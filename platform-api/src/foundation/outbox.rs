//! Events from one module to another, saved in the transaction of their cause and handled at least once.
//!
//! A handler runs in one transaction together with the mark that the event is done, so it either happened or will be
//! tried again, with growing pauses. It must be idempotent all the same: an event may be replayed from the start.

use super::{
    act::{Act, Actor},
    app::App,
    db::{DbError, Row, Tx},
    error::{Problem, chain},
};
use std::{error::Error, sync::Arc};

/// Events looked at in one round.
const ROUND_MAX: u32 = 100;
/// Pause before the first retry; it doubles up to [`PAUSE_MS_MAX`].
const PAUSE_MS: i64 = 1_000;
/// Longest pause between retries: an hour, so that a repaired cause heals by itself.
const PAUSE_MS_MAX: i64 = 3_600_000;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// What happened, for example `coupon.claimed`.
    pub topic: &'a str,
    /// To which thing, for example the coupon's id.
    pub subject: &'a str,
    /// The facts as JSON.
    pub body: String,
}

/// An event as handlers get it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in `Event`")]
pub struct SavedEvent {
    /// Its place among all events.
    pub seq: i64,
    pub topic: String,
    pub subject: String,
    pub body: String,
    attempts: i64,
}

/// Why a handler did not handle an event.
pub type HandlerError = Box<dyn Error + Send + Sync>;

/// A handler: which topic, and what to do.
#[derive(Clone, Copy)]
pub struct Handler {
    /// The topic it listens to.
    pub topic: &'static str,
    /// Idempotent; runs in the transaction that marks the event done.
    pub run: fn(&mut Tx<'_>, &Act, &SavedEvent) -> Result<(), HandlerError>,
}

/// Saves an event.
pub fn append(tx: &mut Tx<'_>, act: &Act, event: &Event<'_>) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO outbox_event (seq, topic, subject, body, at, due_at)
         SELECT COALESCE(MAX(seq), 0) + 1, $1, $2, $3, $4, $4 FROM outbox_event",
        &[event.topic.into(), event.subject.into(), (&event.body).into(), act.now.into()],
    )?;
    Ok(())
}

/// Handles the events that are due, one transaction each, and gives how many are done now. Blocks.
pub fn dispatch(app: &App, handlers: &Arc<[Handler]>) -> Result<usize, Problem> {
    let now = app.clock.now();
    let due = app.db.read(move |tx| {
        let rows = tx.query(
            "SELECT seq, topic, subject, body, attempts FROM outbox_event
             WHERE done_at IS NULL AND due_at <= $1 ORDER BY seq LIMIT $2",
            &[now.into(), ROUND_MAX.into()],
        )?;
        rows.iter().map(read_event).collect::<Result<Vec<_>, DbError>>()
    })?;
    let mut done = 0;
    for event in due {
        done += usize::from(handle(app, handlers, event)?);
    }
    Ok(done)
}

/// The error of one attempt; everything the handlers wrote is rolled back with it.
struct Failed(String);

impl From<DbError> for Failed {
    fn from(error: DbError) -> Failed {
        Failed(chain(&error))
    }
}

fn handle(app: &App, handlers: &Arc<[Handler]>, event: SavedEvent) -> Result<bool, Problem> {
    let act = app.act(Actor::System("outbox"), format!("outbox-{}", event.seq))?;
    let (seq, attempts, now) = (event.seq, event.attempts, act.now);
    let handlers = Arc::clone(handlers);
    let handled = app.db.write(move |tx| {
        act.restart();
        for handler in handlers.iter().filter(|handler| handler.topic == event.topic) {
            (handler.run)(tx, &act, &event).map_err(|error| Failed(chain(error.as_ref())))?;
        }
        let params = [event.seq.into(), act.now.into()];
        tx.execute("UPDATE outbox_event SET done_at = $2 WHERE seq = $1", &params)?;
        Ok(())
    });
    let Err(Failed(reason)) = handled else {
        return Ok(true);
    };
    tracing::error!(event.seq = seq, attempts, reason, "an event was not handled");
    let doublings = u32::try_from(attempts).unwrap_or(u32::MAX).min(20);
    let due_at = now.plus_ms((PAUSE_MS << doublings).min(PAUSE_MS_MAX));
    app.db.write(move |tx| {
        tx.execute(
            "UPDATE outbox_event SET attempts = attempts + 1, due_at = $2, last_error = $3 WHERE seq = $1",
            &[seq.into(), due_at.into(), (&reason).into()],
        )
    })?;
    Ok(false)
}

fn read_event(row: &Row) -> Result<SavedEvent, DbError> {
    Ok(SavedEvent {
        seq: row.get("seq")?,
        topic: row.get("topic")?,
        subject: row.get("subject")?,
        body: row.get("body")?,
        attempts: row.get("attempts")?,
    })
}
