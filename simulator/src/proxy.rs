//! A fault proxy: stands on loopback between a real kiosk and a real platform and does to their requests what networks do.
//!
//! It knows where a request and its answer begin and end, so a fault hits exactly one exchange: before the platform has
//! it, or after the platform has committed. Each connection of a kiosk carries one request. Which fault comes next is said
//! by a script, or drawn from a seed. Whatever it does is noted.

mod authority;
mod exchange;
mod fault;
mod http;

pub use authority::{Authority, AuthorityError};
pub use fault::{Fault, Noted, Rule, Weather};

use authority::Certificates;
use fault::Script;
use std::{
    fs,
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Connections served at once: one kiosk has two, and a test a handful of kiosks.
const CONNECTIONS_MAX: usize = 256;

/// How `simulator proxy` is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the platform listens.
    pub to: SocketAddr,
    /// Where kiosks are to connect.
    pub listen: SocketAddr,
    /// What the faults are drawn from.
    pub seed: u64,
    /// About one request in so many is hit.
    pub one_in: u32,
    /// What may happen.
    pub faults: Vec<Fault>,
    /// Where the certificate to pin is written; without it there is no TLS.
    pub tls_ca: Option<PathBuf>,
}

/// Runs a proxy in bad weather until the process is ended.
///
/// # Errors
/// When it cannot listen, or the authority cannot be written.
pub fn run(options: &Options) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let authority = match &options.tls_ca {
            Some(file) => {
                let authority = Authority::new().map_err(io::Error::other)?;
                fs::write(file, authority.pem())?;
                Some(authority)
            }
            None => None,
        };
        let proxy = Proxy::start(options.listen, options.to, authority.as_ref()).await?;
        proxy.set_weather(Some(Weather::new(options.seed, options.faults.clone(), options.one_in)));
        let mut out = io::stdout();
        writeln!(out, "listening on {}", proxy.origin())?;
        out.flush()?;
        let mut hits = proxy.hits();
        while hits.changed().await.is_ok() {
            if let Some(noted) = proxy.noted().iter().rev().find(|noted| noted.fault.is_some()) {
                let name = noted.fault.map_or("", Fault::name);
                writeln!(out, "{name} {} {}", noted.method, noted.path)?;
            }
        }
        Ok(())
    })
}

/// A running proxy; it stops when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    is_tls: bool,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// What all connections share.
struct Shared {
    platform: SocketAddr,
    script: Mutex<Script>,
    /// How many faults have hit something.
    hits: watch::Sender<usize>,
    certificates: Option<Certificates>,
}

impl Proxy {
    /// Listens on `listen` and passes everything on to `platform`; with an authority it ends TLS there.
    ///
    /// # Errors
    /// When the address cannot be listened on or the certificates cannot be made.
    pub async fn start(
        listen: SocketAddr,
        platform: SocketAddr,
        authority: Option<&Authority>,
    ) -> io::Result<Proxy> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let certificates = match authority {
            Some(authority) => Some(authority.certificates(address.ip()).map_err(io::Error::other)?),
            None => None,
        };
        let is_tls = certificates.is_some();
        let (hits, _) = watch::channel(0);
        let shared = Arc::new(Shared { platform, script: Mutex::new(Script::default()), hits, certificates });
        let listening = tokio::spawn(listen_on(listener, Arc::clone(&shared)));
        Ok(Proxy { address, is_tls, shared, listening })
    }

    /// Scheme, host and port for the kiosk.
    #[must_use]
    pub fn origin(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Lets something happen to requests that are yet to come; rules are taken in the order they are given.
    pub fn expect(&self, rule: Rule) {
        self.shared.script().expect(rule);
    }

    /// Draws faults from a seed wherever no rule applies; `None` for fair weather.
    pub fn set_weather(&self, weather: Option<Weather>) {
        self.shared.script().set_weather(weather);
    }

    /// Takes back every rule that has not been used up.
    pub fn clear(&self) {
        self.shared.script().clear();
    }

    /// Every request so far, and what was done to it.
    #[must_use]
    pub fn noted(&self) -> Vec<Noted> {
        self.shared.script().noted().to_vec()
    }

    /// Counts the faults that have hit something; it can be waited on.
    #[must_use]
    pub fn hits(&self) -> watch::Receiver<usize> {
        self.shared.hits.subscribe()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to this request; it is noted before it happens.
    fn decide(&self, method: &str, path: &str) -> Option<Fault> {
        let fault = self.script().decide(method, path);
        self.count(fault);
        fault
    }

    /// True if the certificate shown on the next connection is to be somebody else's.
    fn decide_handshake(&self) -> bool {
        let is_wrong = self.script().decide_handshake();
        self.count(is_wrong.then_some(Fault::WrongHost));
        is_wrong
    }

    /// A stranger has been told something.
    fn note_overheard(&self, method: &str, path: &str) {
        self.script().note_overheard(method, path);
    }

    fn count(&self, fault: Option<Fault>) {
        if let Some(fault) = fault {
            tracing::info!(?fault, "a fault");
            self.hits.send_modify(|hits| *hits += 1);
        }
    }
}

async fn listen_on(listener: TcpListener, shared: Arc<Shared>) {
    let mut serving = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                while serving.len() >= CONNECTIONS_MAX {
                    serving.join_next().await;
                }
                while serving.try_join_next().is_some() {}
                serving.spawn(serve(stream, Arc::clone(&shared)));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let outcome = match &shared.certificates {
        None => exchange::perform(stream, &shared).await,
        Some(certificates) => {
            let is_wrong = shared.decide_handshake();
            match certificates.acceptor(is_wrong).accept(stream).await {
                Ok(stream) if is_wrong => exchange::overhear(stream, &shared).await,
                Ok(stream) => exchange::perform(stream, &shared).await,
                Err(error) => Err(error),
            }
        }
    };
    if let Err(error) = outcome {
        // Either side may hang up at any time.
        tracing::debug!(%error, "an exchange ended early");
    }
}
