//! Stock never goes below zero or above its total, whoever races for it.

use crate::town::{SEED, Town, try_write};
use domain::quota::{Period, Quota};
use platform_api::{
    foundation::db::DbError,
    modules::campaigns::{self, Counted, Stock, StockError},
};
use std::thread;

fn any_time() -> Period {
    Quota::default().period_at(crate::harness::START).unwrap()
}

#[tokio::test]
async fn twenty_threads_race_for_seven_coupons_and_get_seven() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.stock_total = 7);
    let platform = &town.platform;
    let granted: u32 = thread::scope(|scope| {
        let racers: Vec<_> = (0..20)
            .map(|_| {
                scope.spawn(move || {
                    try_write(platform, SEED, move |tx, _| {
                        campaigns::reserve_stock(tx, batch, 2, &any_time())
                    })
                    .unwrap()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(granted, 7);
    assert_eq!(town.batch_row(batch).stock, Stock { total: 7, free: 0, leased: 7, issued: 0 });
}

#[tokio::test]
async fn stock_moves_from_free_to_leased_to_issued_and_back_and_never_past_what_is_there() {
    let town = Town::new().await;
    let batch = town.batch(|new| new.stock_total = 5);
    town.write(SEED, move |tx, _| {
        assert_eq!(campaigns::reserve_stock(tx, batch, 3, &any_time())?, 3);
        campaigns::confirm_stock(tx, batch, 2, Counted::default())?;
        campaigns::return_stock(tx, batch, 1, Counted::default())
    });
    assert_eq!(town.batch_row(batch).stock, Stock { total: 5, free: 3, leased: 0, issued: 2 });
    let none_leased = try_write(&town.platform, SEED, move |tx, _| {
        campaigns::confirm_stock(tx, batch, 1, Counted::default())
    });
    assert!(matches!(none_leased, Err(StockError::Short)));
    let none_leased = try_write(&town.platform, SEED, move |tx, _| {
        campaigns::return_stock(tx, batch, 1, Counted::default())
    });
    assert!(matches!(none_leased, Err(StockError::Short)));
    town.check_books();
}

#[tokio::test]
async fn the_database_itself_refuses_stock_that_does_not_add_up() {
    let town = Town::new().await;
    town.batch(|_| {});
    let invented: Result<u64, DbError> =
        town.platform.db().write(|tx| tx.execute("UPDATE batch SET stock_free = stock_free + 1", &[]));
    assert!(invented.unwrap_err().is_check("batch_stock"));
}

#[tokio::test]
async fn nothing_is_lent_of_a_batch_that_is_paused_or_past_its_claim_period() {
    let town = Town::new().await;
    let batch = town.batch(|_| {});
    let lendable = |ms| {
        let now = town.platform.app.clock.now().plus_ms(ms);
        town.platform.db().read(move |tx| campaigns::lendable(tx, batch, now)).unwrap()
    };
    assert_eq!(lendable(0).map(|lendable| (lendable.version, lendable.lease_slots)), Some((1, 20)));
    assert!(lendable(10 * 86_400_000).is_none());
    let approver = platform_api::foundation::act::Actor::Staff(town.approver.staff);
    town.write(approver, move |tx, act| {
        campaigns::move_batch(tx, act, batch, (campaigns::BatchMove::Pause, ""))
    });
    assert!(lendable(0).is_none());
}
