//! Serving a kiosk's signed POST: its number is checked and advanced in the transaction of its work, and the answer is
//! signed for exactly this request.
//!
//! Invariant: in one epoch a smaller number, or the same with another signature, changes nothing. The very same request
//! once more is a duplicate on the wire and served again: every POST of a kiosk may be repeated without harm.

use super::{fencing, model::Device, platform_key, store};
use crate::foundation::{
    act::Act,
    app::App,
    db::{DbError, Tx},
    error::{Code, Problem},
    request::Call,
};
use axum::{Json, extract::FromRequestParts, http::request::Parts};
use domain::time::UtcMillis;
use ed25519_dalek::SigningKey;
use protocol::{
    device::{Behind, COUNTER_HEADER, SIGNATURE_HEADER, TIME_HEADER},
    signed::{Bound, Purpose, Signed},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A signed POST as its headers say; the guard has checked the signature over them.
#[derive(Clone, Copy, Debug)]
pub struct KioskPost {
    /// The kiosk's time.
    pub at: UtcMillis,
    /// Its number.
    pub(super) counter: u64,
    /// Tells a duplicate from another request of the same number.
    pub(super) signature_sha256: [u8; 32],
}

impl FromRequestParts<App> for KioskPost {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<KioskPost, Problem> {
        read(parts).ok_or_else(|| Problem::new(Code::Malformed).detail("a kiosk's POST needs its counter"))
    }
}

fn read(parts: &Parts) -> Option<KioskPost> {
    let header = |name: &str| parts.headers.get(name)?.to_str().ok();
    Some(KioskPost {
        at: UtcMillis::new(header(TIME_HEADER)?.parse().ok()?),
        counter: header(COUNTER_HEADER)?.parse().ok()?,
        signature_sha256: Sha256::digest(header(SIGNATURE_HEADER)?).into(),
    })
}

/// Why a POST brought no answer.
#[derive(Debug)]
enum PostError<E> {
    /// The service refused; the request counts all the same.
    Work(E),
    /// The request is older than one served before, or its sender is no kiosk any more.
    Refused(Problem),
    /// The database failed.
    Database(DbError),
}

impl<E> From<DbError> for PostError<E> {
    fn from(error: DbError) -> PostError<E> {
        PostError::Database(error)
    }
}

/// What a service makes of an old heartbeat: the counts of its ledger are smaller than before.
pub trait AsBehind {
    /// What was noticed; `None` for any other refusal.
    fn behind(&self) -> Option<Behind> {
        None
    }
}

/// Runs a service for a kiosk's POST and gives what it gives.
pub async fn write<T, E, W>(app: &App, call: Call, post: KioskPost, work: W) -> Result<T, Problem>
where
    W: Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + AsBehind + Send + 'static,
    Problem: From<E>,
{
    let key = platform_key(app)?;
    serve(app, call, post, (key, move |tx: &mut Tx<'_>, act: &Act, _: &Device| work(tx, act))).await
}

/// Runs a service for a kiosk's POST and signs its answer for this request.
pub async fn answer<T, E, W>(
    app: &App,
    call: Call,
    post: KioskPost,
    (purpose, work): (Purpose, W),
) -> Result<Json<Signed>, Problem>
where
    W: Fn(&mut Tx<'_>, &Act) -> Result<T, E> + Send + 'static,
    T: Serialize + Send + 'static,
    E: From<DbError> + AsBehind + Send + 'static,
    Problem: From<E>,
{
    let key = platform_key(app)?;
    let bound = move |tx: &mut Tx<'_>, act: &Act, device: &Device| {
        let answer = work(tx, act)?;
        Ok::<_, E>(Bound { device: device.id, epoch: device.epoch, counter: post.counter, answer })
    };
    let bound = serve(app, call, post, (key.clone(), bound)).await?;
    Signed::seal(&bound, purpose, &key).map(Json).map_err(|error| Problem::internal(&error))
}

async fn serve<T, E, W>(
    app: &App,
    call: Call,
    post: KioskPost,
    (key, work): (SigningKey, W),
) -> Result<T, Problem>
where
    W: Fn(&mut Tx<'_>, &Act, &Device) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<DbError> + AsBehind + Send + 'static,
    Problem: From<E>,
{
    let act = call.act;
    let kiosk = act.actor.kiosk();
    let served = app.db.write_async(move |tx| {
        act.restart();
        let device = admit(tx, &act, (&post, &key))?;
        work(tx, &act, &device).map_err(|error| match error.behind() {
            Some(behind) => PostError::Refused(fencing::challenge(&act, (&device, &post, &key), behind)),
            None => PostError::Work(error),
        })
    });
    match served.await {
        Ok(answer) => Ok(answer),
        Err(PostError::Refused(problem)) => Err(problem),
        Err(PostError::Database(error)) => Err(error.into()),
        Err(PostError::Work(error)) => {
            // What was refused was rolled back, its number with it; it was heard all the same.
            if let Some(id) = kiosk {
                app.db.write_async(move |tx| store::advance(tx, id, &post)).await.map_err(DbError::into)?;
            }
            Err(error.into())
        }
    }
}

/// The calling kiosk, if this request is newer than any it was served in this epoch, or the newest once more.
fn admit<E>(
    tx: &mut Tx<'_>,
    act: &Act,
    (post, key): (&KioskPost, &SigningKey),
) -> Result<Device, PostError<E>> {
    let refused = || PostError::Refused(Problem::new(Code::DeviceRefused));
    let id = act.actor.kiosk().ok_or_else(refused)?;
    let device = store::find(tx, id)?.filter(|device| !device.revoked).ok_or_else(refused)?;
    if device.fenced {
        return Err(PostError::Refused(Problem::new(Code::DeviceFenced)));
    }
    if store::advance(tx, id, post)? {
        return Ok(device);
    }
    let (heard, signature_sha256) = store::counter(tx, id)?;
    if heard == post.counter && signature_sha256 == Some(post.signature_sha256) {
        return Ok(device);
    }
    let behind = Behind::Counter { heard };
    Err(PostError::Refused(fencing::challenge(act, (&device, post, key), behind)))
}
