//! Serves requests and runs the jobs of one process until it is told to stop.
//!
//! Stopping lets requests (within their own limit) and jobs in work finish; the database closes when the last handle is gone.

mod connection;

pub use connection::serve_connection;

use crate::{
    RouterError, build_router,
    foundation::{
        app::App,
        error::{Code, Problem, chain},
        outbox::{self, Handler},
    },
    handlers, jobs,
};
use axum::Router;
use std::{future::Future, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

/// How long an event may wait for its handlers: short enough that nobody notices.
const OUTBOX_EVERY_MS: u64 = 250;
/// How long nobody is let in after the system could not.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serving failed.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Routes and rows do not belong together.
    #[error("the router cannot be built")]
    Router(#[from] RouterError),
}

/// Serves `app` on `listener` until `stop` is ready.
pub async fn serve(
    app: App,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let router = build_router(app.clone())?;
    let in_work = Duration::from_secs(app.config.http.timeout_s);
    let (stopping, stopped) = watch::channel(false);
    let mut rounds = start_jobs(&app, &stopped);
    let mut accepting = tokio::spawn(accept(listener, router, app.config.http.timeout_s, stopped));
    tokio::pin!(stop);
    tokio::select! {
        ended = &mut accepting => tracing::error!(?ended, "connections are accepted no more"),
        () = &mut stop => {
            tracing::info!("stopping: requests in work are finished first");
            app.streams.stop();
            stopping.send_replace(true);
            // A request in work ends within its own limit; what is left then never finished asking.
            if timeout(in_work, &mut accepting).await.is_err() {
                tracing::warn!("stopping: connections that ask for nothing are cut off");
                accepting.abort();
            }
        }
    }
    stopping.send_replace(true);
    while rounds.join_next().await.is_some() {}
    Ok(())
}

/// Accepts connections until the process stops, and waits for those that are served.
async fn accept(listener: TcpListener, router: Router, head_s_max: u64, stopped: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let stop = stop_of(stopped.clone());
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((socket, peer)) => {
                    // What is said on a stream is a few bytes, and should not wait for more.
                    if let Err(error) = socket.set_nodelay(true) {
                        tracing::debug!(error = &error as &dyn std::error::Error, "a connection collects its bytes");
                    }
                    let served = serve_connection(socket, router.clone(), (peer, head_s_max), stopped.clone());
                    connections.spawn(served);
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a connection was not accepted");
                    // Out of file handles, most likely: some will be given back.
                    sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

fn start_jobs(app: &App, stopped: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut rounds = JoinSet::new();
    for job in jobs() {
        let every_ms = (job.every_ms)(&app.config);
        rounds.spawn(run_every(every_ms, job.name, app.clone(), stopped.clone(), job.run));
    }
    let handlers: Arc<[Handler]> = handlers();
    let dispatch = move |app: &App| outbox::dispatch(app, &handlers).map(drop);
    rounds.spawn(run_every(OUTBOX_EVERY_MS, "outbox", app.clone(), stopped.clone(), dispatch));
    rounds
}

async fn run_every(
    every_ms: u64,
    name: &'static str,
    app: App,
    stopped: watch::Receiver<bool>,
    run: impl Fn(&App) -> Result<(), Problem> + Clone + Send + 'static,
) {
    let mut round = interval(Duration::from_millis(every_ms.max(1)));
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stop = stop_of(stopped);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = round.tick() => {}
        }
        let (app, run) = (app.clone(), run.clone());
        match tokio::task::spawn_blocking(move || run(&app)).await {
            Ok(Ok(())) => {}
            Ok(Err(problem)) if problem.code() == Code::Overloaded => {
                tracing::warn!(name, "a job waits its turn")
            }
            // The cause was logged where it became a problem.
            Ok(Err(problem)) => tracing::error!(name, code = problem.code().as_str(), "a job failed"),
            Err(error) => tracing::error!(name, cause = chain(&error), "a job panicked"),
        }
    }
}

/// Ready when the process stops; a sender that is gone is a stop as well.
async fn stop_of(mut stopped: watch::Receiver<bool>) {
    drop(stopped.wait_for(|stop| *stop).await);
}
