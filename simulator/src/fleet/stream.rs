//! Push streams: the hub of a world, which says "there is something" to whoever listens.
//!
//! The kiosk's side is the real one. The platform's side is a model of it, because a held-open answer needs a runtime's
//! own time: what is said, and to whom, is the protocol's; whether it arrives is the cable's.

use super::{
    FleetError,
    faults::Kind,
    network,
    world::{Event, World},
};
use cloud_sync::{core, transport::TransportError, wire::Failure};
use platform_api::foundation::change_log;
use protocol::push::{BEAT_MS, Push};

impl World {
    /// A kiosk opens a stream.
    pub(super) fn listen(&mut self, kiosk: usize, stream: u32) -> Result<(), FleetError> {
        self.kiosks[kiosk].stream = Some(stream);
        let reached = self.instance().is_some() && self.kiosks[kiosk].cut_until_ms <= self.now_ms;
        let push = if reached { Some(Push::Open { head: self.head()? }) } else { None };
        self.say(kiosk, push);
        if reached {
            self.beat_later(kiosk, stream);
        }
        Ok(())
    }

    fn head(&mut self) -> Result<u64, FleetError> {
        let head = self.city.db().read(change_log::newest_seq)?;
        Ok(u64::try_from(head).unwrap_or(0))
    }

    fn beat_later(&mut self, kiosk: usize, stream: u32) {
        let life = self.kiosks[kiosk].life;
        self.at(self.now_ms + i64::from(BEAT_MS), Event::Beat { kiosk, life, stream });
    }

    /// Says something on a kiosk's stream, if it has one; `None` ends it.
    fn say(&mut self, kiosk: usize, push: Option<Push>) {
        let Some(stream) = self.kiosks[kiosk].stream else { return };
        let life = self.kiosks[kiosk].life;
        let way_ms = network::way_ms(&mut self.network);
        self.at(self.now_ms + way_ms, Event::Push { kiosk, life, stream, push });
    }

    /// A sign of life is due.
    pub(super) fn beat(&mut self, kiosk: usize, (life, stream): (u32, u32)) {
        let place = &self.kiosks[kiosk];
        if place.life != life || place.stream != Some(stream) {
            return;
        }
        if self.instance().is_none() {
            return self.say(kiosk, None);
        }
        self.say(kiosk, Some(Push::Beat));
        self.beat_later(kiosk, stream);
    }

    /// A word reaches the kiosk, unless the cable is cut: then there is silence.
    pub(super) fn hear(
        &mut self,
        kiosk: usize,
        (life, stream): (u32, u32),
        push: Option<Push>,
    ) -> Result<(), FleetError> {
        let place = &mut self.kiosks[kiosk];
        if place.life != life || place.stream != Some(stream) || place.cut_until_ms > self.now_ms {
            return Ok(());
        }
        let event = match push {
            Some(push) => core::Event::Pushed { stream, push },
            None => {
                place.stream = None;
                let failure = Some(Failure::Transport(TransportError::Unreachable));
                core::Event::StreamEnded { stream, failure }
            }
        };
        self.drive(kiosk, event)
    }

    /// Something in the feed has changed: everybody who listens is told, or not.
    pub(super) fn announce(&mut self) -> Result<(), FleetError> {
        let head = self.head()?;
        if head <= self.head_said {
            return Ok(());
        }
        self.head_said = head;
        for kiosk in 0..self.kiosks.len() {
            if self.kiosks[kiosk].stream.is_some() && !self.strikes(Kind::PushLost, 10_000, Some(kiosk)) {
                self.say(kiosk, Some(Push::Changed { head }));
            }
        }
        Ok(())
    }

    /// A kiosk is told that the platform no longer stands by it.
    pub(super) fn say_revoked(&mut self, kiosk: usize) {
        self.say(kiosk, Some(Push::Revoked));
    }
}
