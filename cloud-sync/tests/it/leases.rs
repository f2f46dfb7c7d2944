//! Leases: asked for durably, taken once, closed durably.

use super::desk::{BATCH, Desk, STOCK};
use cloud_sync::{
    core::{Effect, Event, News, Save},
    store::{ClaimRefused, GrantRefused},
    testing::Fault,
    wire::Call,
};
use domain::{
    ids::{BatchId, DeviceId, LeaseId},
    time::UtcMillis,
};
use protocol::{feed::Row, lease::Grant};

#[test]
fn a_kiosk_fetches_stock_before_anybody_asks_and_again_below_a_third() {
    let mut desk = Desk::in_stock();
    let now = desk.now();
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 20);
    assert!(desk.news.contains(&News::StockChanged));
    for person in 0..13 {
        desk.claim(person).unwrap();
    }
    desk.pass_s(60);
    assert_eq!(desk.platform.granted().len(), 1, "seven of twenty are left: more than a third");
    desk.claim(13).unwrap();
    desk.event(Event::Nudged);
    assert_eq!(desk.platform.granted().len(), 2, "six of twenty are left");
    let now = desk.now();
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 26);
}

#[test]
fn a_request_is_on_disk_before_it_is_sent_and_keeps_its_number_until_it_is_answered() {
    let mut desk = Desk::new();
    desk.platform.set_stock(BATCH, 0);
    desk.enrol("AAAA2222");
    let first = desk.store().record_request(BATCH, 20, None).unwrap();
    assert_eq!(first.request_no, 2, "the first was refused for good");
    desk.restart();
    assert_eq!(desk.store().record_request(BATCH, 5, None).unwrap(), first, "the same, want included");
    desk.platform.set_stock(BATCH, STOCK);
    desk.settle();
    assert_eq!(desk.platform.granted()[0].request_no, first.request_no);
    let next = desk.store().record_request(BATCH, 20, None).unwrap();
    assert_eq!(next.request_no, first.request_no + 1);
    let saves = |wanted: fn(&Effect) -> bool| desk.done.iter().position(wanted).unwrap();
    let recorded = saves(|effect| matches!(effect, Effect::Save(Save::RecordRequest { .. })));
    let sent = saves(|effect| matches!(effect, Effect::Send { call: Call::Lease(_), .. }));
    assert!(recorded < sent);
}

#[test]
fn a_lost_answer_brings_the_same_lease_not_a_second_one() {
    let mut desk = Desk::in_stock();
    for person in 0..14 {
        desk.claim(person).unwrap();
    }
    desk.event(Event::Nudged);
    assert_eq!(desk.platform.granted().len(), 2);
    for person in 20..40 {
        desk.claim(person).unwrap();
    }
    // The first exchange reports the claims; the answer to the second, the request, is lost twice.
    let claims = desk.store().pending(200).unwrap();
    let settled = claims_answer(&mut desk, &claims);
    desk.platform.fault(Fault::Instead(settled));
    desk.platform.fault(Fault::LoseAnswer);
    desk.platform.fault(Fault::LoseAnswer);
    desk.event(Event::Nudged);
    assert_eq!(desk.platform.granted().len(), 3, "the platform has lent");
    let now = desk.now();
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 6, "the kiosk does not know");
    desk.pass_s(60);
    assert_eq!(desk.platform.granted().len(), 3);
    assert_eq!(desk.platform.stock(BATCH), STOCK - 60);
    let now = desk.now();
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 26);
}

fn grant_for(desk: &mut Desk) -> Grant {
    let request = desk.store().record_request(BATCH, 20, None).unwrap();
    let now = desk.now();
    Grant {
        lease: LeaseId::from_bytes([42; 16]),
        device: desk.identity().device,
        epoch: request.epoch,
        request_no: request.request_no,
        batch: BATCH,
        version: 1,
        slots: 5,
        valid_from: UtcMillis::new(0),
        expires_at: now.plus_ms(1_000),
        reclaim_at: now.plus_ms(2_000),
    }
}

#[test]
fn only_a_grant_that_answers_an_open_request_of_this_device_and_epoch_is_taken() {
    let mut desk = Desk::in_stock();
    let good = grant_for(&mut desk);
    let seen = desk.platform.granted()[0].lease;
    let now = desk.now();
    let wrong = [
        (Grant { device: DeviceId::from_bytes([99; 16]), ..good }, GrantRefused::OtherDevice),
        (Grant { epoch: good.epoch + 1, ..good }, GrantRefused::OtherEpoch),
        (Grant { request_no: good.request_no + 1, ..good }, GrantRefused::UnknownRequest),
        (Grant { request_no: good.request_no - 1, ..good }, GrantRefused::UnknownRequest),
        (Grant { batch: BatchId::from_bytes([8; 16]), ..good }, GrantRefused::UnknownRequest),
        (Grant { lease: seen, ..good }, GrantRefused::SeenLease),
        (Grant { slots: 0, ..good }, GrantRefused::Malformed),
        (Grant { slots: 51, ..good }, GrantRefused::Malformed),
        (Grant { reclaim_at: good.expires_at.plus_ms(-1), ..good }, GrantRefused::Malformed),
    ];
    for (grant, reason) in wrong {
        assert_eq!(desk.store().accept_grant(&grant, now).unwrap(), Err(reason));
    }
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 20, "a refused grant changes nothing");
    assert_eq!(desk.store().accept_grant(&good, now).unwrap(), Ok(()));
    assert_eq!(desk.store().accept_grant(&good, now).unwrap(), Err(GrantRefused::SeenLease));
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 25);
}

#[test]
fn an_expired_lease_is_closed_on_disk_before_the_platform_hears_of_it() {
    let mut desk = Desk::in_stock();
    desk.claim(1).unwrap();
    let lease = desk.platform.granted()[0].lease;
    desk.pass_s(4 * 3_600 + 30);
    let closed = desk.done.iter().position(|effect| *effect == Effect::Save(Save::CloseLease(lease)));
    let sent = desk.done.iter().position(
        |effect| matches!(effect, Effect::Send { call: Call::Close(close), .. } if close.lease == lease && close.used == 1),
    );
    assert!(closed.unwrap() < sent.unwrap());
    assert_eq!(desk.sends("leases:close"), 1);
    let lent: u32 = 20 + 20;
    assert_eq!(desk.platform.stock(BATCH), STOCK - lent + 19, "one of the first twenty was issued");
}

#[test]
fn a_close_that_was_not_heard_is_told_again_after_a_restart_and_issues_nothing_meanwhile() {
    let mut desk = Desk::in_stock();
    let lease = desk.platform.granted()[0].lease;
    desk.platform.cut(true);
    let request = desk.store().close_lease(lease).unwrap().unwrap();
    assert_eq!(request.used, 0);
    assert_eq!(desk.refusal(1), ClaimRefused::LeaseExhausted);
    desk.restart();
    assert_eq!(desk.store().close_lease(lease).unwrap(), Some(request));
    desk.platform.cut(false);
    desk.settle();
    desk.pass_s(30);
    assert_eq!(desk.sends("leases:close"), 1);
    assert_eq!(desk.store().close_lease(lease).unwrap(), None);
}

#[test]
fn an_exhausted_batch_is_asked_for_now_and_then_not_all_the_time() {
    let mut desk = Desk::new();
    desk.platform.set_stock(BATCH, 0);
    desk.enrol("AAAA2222");
    desk.settle();
    desk.pass_s(600);
    let asked = desk.sends("/leases");
    assert!((5..=15).contains(&asked), "asked {asked} times in ten minutes");
    desk.platform.set_stock(BATCH, 10);
    desk.pass_s(90);
    let now = desk.now();
    assert_eq!(desk.store().stock(now).unwrap()[&BATCH], 10);
}

#[test]
fn stock_comes_an_hour_before_a_batch_opens_and_no_earlier() {
    let mut desk = Desk::new();
    let mut later = cloud_sync::testing::batch_row(8);
    later.terms.claim_from = desk.now().plus_ms(2 * 3_600_000);
    desk.platform.publish("8", &Row::Batch(Box::new(later))).unwrap();
    let batch = BatchId::from_bytes([8; 16]);
    desk.platform.set_stock(batch, 100);
    desk.enrol("AAAA2222");
    desk.settle();
    desk.pass_s(3_000);
    let now = desk.now();
    assert!(!desk.store().stock(now).unwrap().contains_key(&batch));
    desk.pass_s(700);
    let now = desk.now();
    assert_eq!(desk.store().stock(now).unwrap()[&batch], 20);
}

#[test]
fn a_platform_that_wants_a_heartbeat_first_gets_one_and_is_asked_again_with_the_same_number() {
    let mut desk = Desk::in_stock();
    for person in 0..14 {
        desk.claim(person).unwrap();
    }
    let conflict = protocol::problem::Problem::new(409, "CONFLICT", "请先上报心跳");
    let answer = cloud_sync::transport::WireAnswer {
        status: 409,
        body: serde_json::to_vec(&conflict).unwrap(),
        ..Default::default()
    };
    // The nudge sends the claims first, then asks for stock.
    desk.event(Event::Nudged);
    let (granted, heartbeats) = (desk.platform.granted().len(), desk.sends("heartbeat"));
    for person in 20..40 {
        desk.claim(person).unwrap();
    }
    let claims = desk.store().pending(200).unwrap();
    assert_eq!(claims.len(), 20);
    let settled = claims_answer(&mut desk, &claims);
    desk.platform.fault(Fault::Instead(settled));
    desk.platform.fault(Fault::Instead(answer));
    desk.event(Event::Nudged);
    desk.pass_s(20);
    assert!(desk.sends("heartbeat") > heartbeats);
    assert_eq!(desk.platform.granted().len(), granted + 1);
    let numbers: Vec<u64> = desk.platform.granted().iter().map(|grant| grant.request_no).collect();
    assert_eq!(numbers, [1, 2, 3], "no number was wasted");
}

fn claims_answer(
    desk: &mut Desk,
    claims: &[protocol::outbox::ClaimReport],
) -> cloud_sync::transport::WireAnswer {
    let ends_at = cloud_sync::testing::DAWN.plus_ms(86_400_000);
    let outcomes = claims
        .iter()
        .map(|claim| protocol::outbox::ClaimOutcome {
            event: claim.event,
            verdict: protocol::outbox::Verdict::Issued { ends_at },
        })
        .collect();
    let answer = protocol::outbox::ClaimsAnswer { outcomes };
    desk.sealed(&answer, protocol::signed::Purpose::Claims)
}

#[test]
fn a_pause_or_recall_that_cannot_be_heard_ends_with_the_lease_at_the_latest() {
    let mut desk = Desk::in_stock();
    let expiry = desk.platform.granted()[0].expires_at;
    desk.platform.cut(true);
    let paused = protocol::feed::BatchRow { active: false, ..cloud_sync::testing::batch_row(7) };
    desk.platform.publish("7", &Row::Batch(Box::new(paused))).unwrap();
    desk.pass_s(3 * 3_600);
    desk.claim(1).unwrap();
    desk.sleep_until(expiry);
    assert_eq!(desk.refusal(2), ClaimRefused::LeaseExpired);
}

#[test]
fn a_recalled_batch_is_gone_with_the_next_page_of_the_feed() {
    let mut desk = Desk::in_stock();
    let (kind, id) = (protocol::feed::BATCH.to_owned(), "7".to_owned());
    desk.platform.publish_change(protocol::feed::Change { kind, id, row: None });
    desk.pass_s(120);
    assert_eq!(desk.refusal(1), ClaimRefused::UnknownBatch);
    let asked = desk.sends("/leases");
    desk.pass_s(600);
    assert_eq!(desk.sends("/leases"), asked, "nothing more is asked for");
}
