//! Recognises the holder of a session token.

use super::{model::SessionToken, store};
use crate::foundation::{
    act::Actor,
    db::Tx,
    error::Problem,
    guard::{Authenticator, Presented},
};
use domain::time::UtcMillis;

/// Recognises consumers and staff by their token.
pub(super) struct SessionAuthenticator;

impl Authenticator for SessionAuthenticator {
    fn applies(&self, presented: &Presented) -> bool {
        token(presented).is_some()
    }

    fn authenticate(
        &self,
        tx: &mut Tx<'_>,
        now: UtcMillis,
        presented: &Presented,
    ) -> Result<Option<Actor>, Problem> {
        let Some(token) = token(presented) else { return Ok(None) };
        Ok(store::actor(tx, &token, now)?)
    }
}

fn token(presented: &Presented) -> Option<SessionToken> {
    presented.token.as_deref().and_then(SessionToken::parse)
}
