//! News of the sync engine, as events.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};

use cloud_sync::core::News;
use cloud_sync::owner::StoreHandle;

use super::{Part, inbox::Inbox};
use crate::app::Event;

/// Forwards news until the engine has stopped, and says that it has.
pub fn forward(told: Receiver<News>, store: StoreHandle, inbox: Arc<Inbox>) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name("news".to_owned()).spawn(move || {
        for news in told {
            if let Some(event) = event(news, &store) {
                inbox.push(event);
            }
        }
        inbox.end(Part::Sync);
    })
}

fn event(news: News, store: &StoreHandle) -> Option<Event> {
    Some(match news {
        News::Enrolled => Event::Enrolled(Ok(())),
        News::NotEnrolled(needed) => Event::Enrolled(Err(needed)),
        News::EnrolFailed { code } => {
            tracing::warn!(%code, "pairing failed");
            Event::PairingFailed { code }
        }
        News::Link(link) => Event::LinkChanged(link),
        News::Time { anchor, trusted } => Event::TimeChanged { anchor, trusted },
        News::CatalogueChanged => Event::CatalogueChanged(store.catalogue()),
        News::StockChanged => Event::StockChanged,
        // Cards carry no pictures yet, and the operator hears of the disk by heartbeat.
        News::MediaChanged | News::Storage(_) => return None,
        News::ClaimSettled(settled) => Event::ClaimSettled(settled),
    })
}
