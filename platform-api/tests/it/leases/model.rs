//! Any order of lending, reporting, closing and reclaiming keeps the stock whole (I4).

use crate::town::{Person, SEED, Town};
use domain::ids::BatchId;
use platform_api::modules::leases;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use protocol::lease::{CloseRequest, Grant};

const STOCK: u32 = 12;

#[derive(Clone, Debug)]
enum Step {
    Lend(u32),
    Report { lease: usize, slot: u32 },
    Close { lease: usize, used: u32 },
    Wait { hours: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..8_u32).prop_map(Step::Lend),
        (0..4_usize, 0..6_u32).prop_map(|(lease, slot)| Step::Report { lease, slot }),
        (0..4_usize, 0..6_u32).prop_map(|(lease, used)| Step::Close { lease, used }),
        (1..30_i64).prop_map(|hours| Step::Wait { hours }),
    ];
    prop::collection::vec(step, 1..14)
}

struct Play<'a> {
    town: &'a Town,
    batch: BatchId,
    person: &'a Person,
    grants: Vec<Grant>,
    request_no: u64,
}

impl Play<'_> {
    async fn take(&mut self, step: &Step) {
        match *step {
            Step::Lend(want) => self.lend(want).await,
            Step::Report { lease, slot } => {
                if let Some(grant) = self.grants.get(lease).filter(|grant| slot < grant.slots) {
                    self.town.report(&[self.town.voucher(grant, slot, self.person)]).await;
                }
            }
            Step::Close { lease, used } => {
                if let Some(grant) = self.grants.get(lease).filter(|grant| used <= grant.slots) {
                    let close = CloseRequest { epoch: self.town.kiosk.epoch, lease: grant.lease, used };
                    let body = serde_json::to_value(close).unwrap();
                    self.town
                        .kiosk
                        .post(&self.town.platform, "/api/k/v1/leases:close", body)
                        .await
                        .expect(200);
                }
            }
            Step::Wait { hours } => {
                self.town.platform.clock.advance_ms(hours * 3_600_000);
                self.heartbeat().await;
                self.town.write(SEED, leases::reclaim_due);
            }
        }
    }

    async fn lend(&mut self, want: u32) {
        self.request_no += 1;
        let body = serde_json::json!({"epoch": self.town.kiosk.epoch, "request_no": self.request_no,
            "batch": self.batch.to_string(), "want": want});
        let answer = self.town.kiosk.post(&self.town.platform, "/api/k/v1/leases", body).await;
        if answer.status.as_u16() == 200 {
            self.grants.push(self.town.kiosk.open(answer, protocol::signed::Purpose::Grant));
        } else {
            assert_eq!(answer.json["code"], "BATCH_EXHAUSTED", "{}", answer.text);
        }
    }

    async fn heartbeat(&self) {
        let at = self.town.platform.app.clock.now().get();
        let body = serde_json::json!({"epoch": self.town.kiosk.epoch, "build": "t", "config_version": 0,
            "feed_cursor": 0, "outbox_rows": 0, "lease_slots": 0, "camera": true, "at": at,
            "high_water": {"request_no": self.request_no, "vouchers": u32::MAX}});
        self.town.kiosk.post(&self.town.platform, "/api/k/v1/heartbeat", body).await.expect(200);
    }

    fn check(&self) {
        let stock = self.town.batch_row(self.batch).stock;
        assert_eq!(stock.free + stock.leased + stock.issued, STOCK, "{stock:?}");
    }
}

#[test]
fn free_leased_and_issued_always_add_up_and_everything_unspoken_for_comes_back() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let town = runtime.block_on(Town::new());
    let person = town.person("13800000009");
    let cases = std::cell::Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps(), |steps| {
        cases.set(cases.get() + 1_000);
        let batch = town.batch(|new| {
            (new.stock_total, new.lease_slots) = (STOCK, 6);
            (new.content.terms.per_person.total, new.content.terms.per_person.day) = (100, 100);
            // The plays of a run come one after another on one clock.
            new.content.terms.claim_until = crate::harness::START.plus_ms(3_650 * 86_400_000);
        });
        let mut play =
            Play { town: &town, batch, person: &person, grants: Vec::new(), request_no: cases.get() };
        runtime.block_on(async {
            for step in &steps {
                play.take(step).await;
                play.check();
            }
            play.take(&Step::Wait { hours: 100 }).await;
        });
        let stock = town.batch_row(batch).stock;
        prop_assert_eq!(stock.leased, 0, "after R nothing is lent any more");
        prop_assert_eq!(stock.free + stock.issued, STOCK);
        Ok(())
    });
    outcome.unwrap();
}
