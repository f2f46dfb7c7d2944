//! An event is handled once, together with everything its handlers write.

use crate::harness::Platform;
use platform_api::foundation::{
    act::{Act, Actor},
    db::Tx,
    outbox::{self, Event, Handler, HandlerError, SavedEvent},
};
use std::sync::Arc;

fn publish(platform: &Platform, topic: &'static str) {
    let act = platform.act(Actor::System("test"));
    platform
        .db()
        .write(move |tx| outbox::append(tx, &act, &Event { topic, subject: "s", body: "{}".to_owned() }))
        .unwrap();
}

/// Writes a row that a later failure must take back with it.
fn note(tx: &mut Tx<'_>, act: &Act, event: &SavedEvent) -> Result<(), HandlerError> {
    outbox::append(tx, act, &Event { topic: "noted", subject: &event.subject, body: "{}".to_owned() })?;
    Ok(())
}

fn fail(_: &mut Tx<'_>, _: &Act, _: &SavedEvent) -> Result<(), HandlerError> {
    Err("not today".into())
}

#[test]
fn an_event_is_handled_once() {
    let handlers: Arc<[Handler]> = [Handler { topic: "claimed", run: note }].into();
    let platform = Platform::new();
    publish(&platform, "claimed");
    assert_eq!(outbox::dispatch(&platform.app, &handlers).unwrap(), 1);
    assert_eq!(platform.count("SELECT count(*) AS n FROM outbox_event WHERE topic = 'noted'"), 1);
    outbox::dispatch(&platform.app, &handlers).unwrap();
    assert_eq!(platform.count("SELECT count(*) AS n FROM outbox_event WHERE topic = 'noted'"), 1);
}

#[test]
fn a_failing_handler_takes_everything_back_and_is_tried_again_later() {
    let failing: Arc<[Handler]> =
        [Handler { topic: "claimed", run: note }, Handler { topic: "claimed", run: fail }].into();
    let platform = Platform::new();
    publish(&platform, "claimed");
    assert_eq!(outbox::dispatch(&platform.app, &failing).unwrap(), 0);
    assert_eq!(platform.count("SELECT count(*) AS n FROM outbox_event WHERE topic = 'noted'"), 0);
    assert_eq!(platform.count("SELECT attempts AS n FROM outbox_event"), 1);

    let repaired: Arc<[Handler]> = [Handler { topic: "claimed", run: note }].into();
    assert_eq!(outbox::dispatch(&platform.app, &repaired).unwrap(), 0, "not before its pause is over");
    platform.clock.advance_ms(1_000);
    assert_eq!(outbox::dispatch(&platform.app, &repaired).unwrap(), 1);
}
