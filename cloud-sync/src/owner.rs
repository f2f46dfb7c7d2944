//! The one thread that owns the store, and the handle everybody else asks it through.
//!
//! Commands run one after another in the order they were given, so two claims can never meet inside a transaction.

use crate::store::{Catalogue, Store};
use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

/// Commands that may wait: a screen makes a handful a second, a stuck disk should be noticed soon.
const COMMANDS_MAX: usize = 256;

type Command = Box<dyn FnOnce(&mut Store) + Send>;

/// Asks the store's owner thread. Cheap to clone; the thread ends, and the files close, with the last handle.
#[derive(Clone)]
pub struct StoreHandle {
    commands: SyncSender<Command>,
    catalogue: Arc<Mutex<Arc<Catalogue>>>,
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum OwnerError {
    /// `COMMANDS_MAX` commands wait already: the disk does not keep up.
    #[error("the store is busy")]
    Busy,
    /// The owner thread has ended.
    #[error("the store is closed")]
    Closed,
}

impl StoreHandle {
    /// Gives the store to a thread of its own.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(store: Store) -> io::Result<(StoreHandle, JoinHandle<()>)> {
        let (commands, waiting) = sync_channel(COMMANDS_MAX);
        let catalogue = store.shared_catalogue();
        let thread =
            std::thread::Builder::new().name("store".to_owned()).spawn(move || own(store, &waiting))?;
        Ok((StoreHandle { commands, catalogue }, thread))
    }

    /// Runs `job` on the store and waits for what it gives; a claim takes about one wait for the disk.
    ///
    /// # Errors
    /// [`OwnerError`] when the job was not run to its end.
    pub fn ask<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Result<T, OwnerError> {
        let (give, take) = sync_channel(1);
        self.post(move |store| {
            // Nobody waits any more: the work is done all the same.
            let _ = give.send(job(store));
        })?;
        take.recv().map_err(|_| OwnerError::Closed)
    }

    /// Hands `job` over and returns at once; the job tells its own result onward, for example into an event queue.
    ///
    /// # Errors
    /// [`OwnerError`] when the job was not taken; it will not run then.
    pub fn post(&self, job: impl FnOnce(&mut Store) + Send + 'static) -> Result<(), OwnerError> {
        self.commands.try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) => OwnerError::Busy,
            TrySendError::Disconnected(_) => OwnerError::Closed,
        })
    }

    /// The catalogue as of the last committed feed page, without waiting for the owner thread.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn own(mut store: Store, commands: &Receiver<Command>) {
    while let Ok(command) = commands.recv() {
        command(&mut store);
    }
}
