//! A piece of work on its way to an engine and its answer on the way back.
//!
//! The answer leaves only through [`Job::finish`], which the engine calls after the commit, never before it.

use super::{DbError, Tx};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What an adapter must offer. Both calls return at once or block; the answer travels through the job.
pub(super) trait Engine: Send + Sync {
    /// Runs `job` in a transaction that only reads.
    fn read(&self, job: Box<dyn Job>);
    /// Runs `job` in a transaction that may write.
    fn write(&self, job: Box<dyn Job>);
    /// True if both calls run the job on the calling thread, so that async code needs no thread that may wait.
    fn is_inline(&self) -> bool {
        false
    }
}

/// Whether the work's changes are to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The work returned `Ok`.
    Keep,
    /// The work returned `Err` or panicked.
    RollBack,
}

/// A piece of work whose types are hidden from the engine.
pub(super) trait Job: Send {
    /// Runs the work; may be called again after a collision, the last run counts. Never panics.
    fn attempt(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Sends the answer of the last run, or the failure the engine met instead.
    fn finish(self: Box<Self>, outcome: Result<(), DbError>);
}

/// A [`Job`] that remembers its types. `A` takes the answer.
pub(super) struct TypedJob<T, E, W, A> {
    work: W,
    result: Option<Result<T, E>>,
    answer: A,
}

impl<T, E, W, A> TypedJob<T, E, W, A> {
    /// A job whose answer goes to `answer`; if the job is dropped instead, `answer` is dropped uncalled.
    pub(super) fn new(work: W, answer: A) -> TypedJob<T, E, W, A> {
        TypedJob { work, result: None, answer }
    }
}

impl<T, E, W, A> Job for TypedJob<T, E, W, A>
where
    W: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
    A: FnOnce(Result<T, E>) + Send,
{
    fn attempt(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let work = &self.work;
        // What the work touched is rolled back with its transaction, so nothing half-done is seen afterwards. (A build
        // that aborts on panic ends here instead; the group was not committed, so nothing half-done is seen either.)
        let result = catch_unwind(AssertUnwindSafe(|| work(tx)));
        let result = result.unwrap_or_else(|_| Err(E::from(DbError::Panicked)));
        let verdict = if result.is_ok() { Verdict::Keep } else { Verdict::RollBack };
        self.result = Some(result);
        verdict
    }

    fn finish(self: Box<Self>, outcome: Result<(), DbError>) {
        let result = match outcome {
            Ok(()) => self.result.unwrap_or_else(|| Err(E::from(DbError::Closed))),
            Err(error) => Err(E::from(error)),
        };
        (self.answer)(result);
    }
}
