//! The engine: the same story over tokio, on virtual time.

use super::desk::{BATCH, ORIGIN, event_id, person_of};
use cloud_sync::{
    core::{About, Link, News},
    disk::FolderDisk,
    engine::{Engine, Parts, SyncHandle},
    owner::StoreHandle,
    ports::{Clock, Now},
    store::{ClaimOrder, Store},
    testing::{DAWN, FakePlatform, Fault, SeededChance, batch_row},
    transport::{WireAnswer, origin::Origin},
};
use protocol::{feed::Row, push::Push};
use std::{
    sync::{Arc, mpsc::Receiver},
    thread::JoinHandle,
    time::Duration,
};
use tempfile::TempDir;

/// The clocks of a paused tokio runtime.
struct VirtualClock(tokio::time::Instant);

impl Clock for VirtualClock {
    fn now(&self) -> Now {
        let monotonic = self.0.elapsed();
        Now { wall: DAWN.plus_ms(i64::try_from(monotonic.as_millis()).unwrap()), monotonic }
    }
}

fn origin() -> Origin {
    Origin::parse(ORIGIN).unwrap()
}

struct Running {
    _folder: TempDir,
    store: StoreHandle,
    owner: JoinHandle<()>,
    sync: SyncHandle,
    engine: tokio::task::JoinHandle<()>,
    news: Receiver<News>,
    platform: Arc<FakePlatform>,
}

fn run() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) =
        Store::open(Arc::new(FolderDisk::new(folder.path())), &mut SeededChance::new(1)).unwrap();
    let (store, owner) = StoreHandle::start(store).unwrap();
    let platform = Arc::new(FakePlatform::new(DAWN, 9));
    platform.publish("7", &Row::Batch(Box::new(batch_row(7)))).unwrap();
    platform.set_stock(BATCH, 100);
    platform.pair("AAAA2222", None);
    let (engine, sync, news) = Engine::new(Parts {
        store: store.clone(),
        transport: Arc::clone(&platform) as _,
        clock: Arc::new(VirtualClock(tokio::time::Instant::now())),
        chance: Box::new(SeededChance::new(2)),
        about: About { build: "0.1.0".to_owned(), hardware: "desk".to_owned() },
    });
    let engine = tokio::spawn(engine.run());
    Running { _folder: folder, store, owner, sync, engine, news, platform }
}

impl Running {
    /// Lets virtual time pass until the news has come.
    async fn wait_for(&self, wanted: &News) {
        for _ in 0..600 {
            tokio::time::advance(Duration::from_millis(100)).await;
            while let Ok(news) = self.news.try_recv() {
                if news == *wanted {
                    return;
                }
            }
            tokio::task::yield_now().await;
        }
        panic!("{wanted:?} did not come within a minute");
    }

    async fn wait_for_stream(&self) {
        for _ in 0..600 {
            if self.platform.streams() > 0 {
                return;
            }
            tokio::time::advance(Duration::from_millis(100)).await;
            tokio::task::yield_now().await;
        }
        panic!("no stream within a minute");
    }
}

#[tokio::test(start_paused = true)]
async fn paired_in_stock_claimed_offline_and_settled_when_the_network_is_back() {
    let running = run();
    running.wait_for(&News::NotEnrolled(cloud_sync::core::PairingNeeded::New)).await;
    running.sync.enrol(&origin(), " AAAA2222 ");
    running.wait_for(&News::StockChanged).await;
    assert_eq!(running.store.catalogue().batches.len(), 1);
    running.platform.cut(true);
    running.sync.nudge();
    let order = ClaimOrder { batch: BATCH, pseudonym: person_of(1), event: event_id(1) };
    let shown = running.store.ask(move |store| store.claim(&order, DAWN)).unwrap().unwrap();
    running.sync.nudge();
    running.wait_for(&News::Link(Link::Offline { since: DAWN })).await;
    running.platform.cut(false);
    running.wait_for(&News::Link(Link::Online)).await;
    let arrived = running.platform.coupons();
    assert_eq!(arrived.len(), 1);
    assert_eq!((arrived[0].0.lease, arrived[0].0.slot), (shown.lease, shown.slot));
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_ends_the_engine_and_then_the_store() {
    let Running { store, owner, sync, engine, _folder, .. } = run();
    sync.stop();
    engine.await.unwrap();
    drop(store);
    owner.join().unwrap();
}

#[test]
fn an_engine_on_its_own_thread_stops_when_told() {
    struct StandingClock;
    impl Clock for StandingClock {
        fn now(&self) -> Now {
            Now { wall: DAWN, monotonic: Duration::ZERO }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (store, _) =
        Store::open(Arc::new(FolderDisk::new(folder.path())), &mut SeededChance::new(1)).unwrap();
    let (store, owner) = StoreHandle::start(store).unwrap();
    let platform = Arc::new(FakePlatform::new(DAWN, 9));
    platform.pair("AAAA2222", None);
    let (sync, news) = cloud_sync::engine::start(Parts {
        store: store.clone(),
        transport: platform,
        clock: Arc::new(StandingClock),
        chance: Box::new(SeededChance::new(2)),
        about: About::default(),
    })
    .unwrap();
    sync.enrol(&origin(), "AAAA2222");
    assert!(news.iter().any(|news| news == News::Enrolled));
    sync.stop();
    assert!(news.iter().all(|news| news != News::Enrolled), "the news end with the engine");
    drop(store);
    owner.join().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_push_fetches_at_once_and_a_stream_that_is_no_platforms_is_left() {
    let running = run();
    running.sync.enrol(&origin(), "AAAA2222");
    running.wait_for(&News::StockChanged).await;
    running.wait_for_stream().await;
    running.platform.publish("8", &Row::Batch(Box::new(batch_row(8)))).unwrap();
    running.platform.push(Push::Changed { head: 2 });
    let pushed_at = tokio::time::Instant::now();
    running.wait_for(&News::CatalogueChanged).await;
    assert!(pushed_at.elapsed() < Duration::from_secs(2), "{:?}", pushed_at.elapsed());
    let page = WireAnswer {
        status: 200,
        content_type: Some("text/event-stream".to_owned()),
        body: b"<html>\n".to_vec(),
        ..WireAnswer::default()
    };
    running.platform.end_streams();
    running.platform.fault(Fault::Instead(page));
    for _ in 0..600 {
        tokio::time::advance(Duration::from_millis(100)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(running.platform.streams(), 1, "the next one is the platform's again");
}

#[tokio::test(start_paused = true)]
async fn stopping_the_engine_drops_its_stream() {
    let running = run();
    running.sync.enrol(&origin(), "AAAA2222");
    running.wait_for_stream().await;
    running.sync.stop();
    running.engine.await.unwrap();
    tokio::task::yield_now().await;
    assert_eq!(running.platform.streams(), 0);
}
