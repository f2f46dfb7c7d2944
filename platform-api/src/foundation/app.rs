//! What a handler reaches: the database, time, chance, configuration and the outside world behind traits.
//!
//! Cloning an [`App`] is cheap; all clones are the same application.

use super::{
    act::{Act, Actor},
    clock::{Clock, DemoClock},
    db::{Db, DbError, Tx},
    entropy::Entropy,
    error::Problem,
    idempotency,
    otp_sender::{ConsoleOtpSender, OtpSender},
    rate_limit::RateLimiter,
    request::Call,
    secrets::Secrets,
    streams::Streams,
};
use crate::config::Config;
use axum::{http::StatusCode, response::Response};
use serde::Serialize;
use std::{ops::Deref, sync::Arc};

/// A handle to the application; derefs to [`Parts`].
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What an application is made of.
pub struct Parts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Seeds for acts.
    pub entropy: Arc<dyn Entropy>,
    /// The configuration, validated.
    pub config: Config,
    /// Key files of this server.
    pub secrets: Secrets,
    /// Sends one-time passwords.
    pub otp_sender: Arc<dyn OtpSender>,
    /// Counts requests.
    pub rate_limiter: RateLimiter,
    /// The push streams kiosks hold open here.
    pub streams: Streams,
    /// What the demo door opens; `None` unless started with `--demo`.
    pub demo: Option<Demo>,
}

/// The movable clock and the remembered codes of a demo.
#[derive(Clone)]
pub struct Demo {
    /// The clock of this application.
    pub clock: Arc<DemoClock>,
    /// Its sender of one-time passwords.
    pub otp_sender: Arc<ConsoleOtpSender>,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// An application of these parts.
    pub fn new(parts: Parts) -> App {
        App(Arc::new(parts))
    }

    /// An act of `actor` at this moment.
    pub fn act(&self, actor: Actor, request_id: String) -> Result<Act, Problem> {
        let seed = self.entropy.seed().map_err(|error| Problem::internal(&error))?;
        Ok(Act::new(self.clock.now(), actor, request_id, seed))
    }

    /// Runs a service that only reads.
    ///
    /// ```ignore
    /// app.read(call, move |tx, act| service::wallet(tx, act, &query)).await.map(Json)
    /// ```
    pub async fn read<T, E, W>(&self, call: Call, work: W) -> Result<T, Problem>
    where
        W: Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        Problem: From<E>,
    {
        let act = call.act;
        let result = self.db.read_async(move |tx| {
            act.restart();
            work(tx, &act)
        });
        result.await.map_err(Problem::from)
    }

    /// Runs a service that writes, once per `Idempotency-Key`: the answer is kept in the same transaction and given
    /// again when the same request comes again. `T` is therefore the wire type. On a route declared `unkeyed` it just
    /// runs.
    ///
    /// ```ignore
    /// app.write(call, StatusCode::CREATED, move |tx, act| service::claim(tx, act, &request).map(ClaimBody::from)).await
    /// ```
    pub async fn write<T, E, W>(&self, call: Call, status: StatusCode, work: W) -> Result<Response, Problem>
    where
        W: Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
        T: Serialize + Send + 'static,
        E: From<DbError> + Send + 'static,
        Problem: From<E>,
    {
        let Call { act, key } = call;
        let once = self.db.write_async(move |tx| {
            act.restart();
            idempotency::once(tx, &act, key.as_ref(), |tx| work(tx, &act).map(|answer| (status, answer)))
        });
        once.await.map(idempotency::Answer::into_response).map_err(idempotency::OnceError::into_problem)
    }

    /// Runs a service that writes on a route declared `unkeyed`, and gives back its typed answer.
    pub async fn write_unkeyed<T, E, W>(&self, call: Call, work: W) -> Result<T, Problem>
    where
        W: Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        Problem: From<E>,
    {
        let act = call.act;
        let result = self.db.write_async(move |tx| {
            act.restart();
            work(tx, &act)
        });
        result.await.map_err(Problem::from)
    }
}
