//! `simulator wire`: a real kiosk and a real platform over real sockets, with everything between them that a mall's
//! network does.
//!
//! Store, engine and HTTP transport are the shipped ones, TLS is verified against a pinned authority, the platform is its
//! own program. Under each fault: a claim arrives exactly once, leases are neither doubled nor lost, the screen is told the
//! truth, and the kiosk recovers by itself.

mod kiosk;
mod town;

use crate::{
    cast::{
        platform::Platform,
        report::{Broken, Report, Trying, must},
    },
    proxy::{Fault, Noted, Weather},
};
use std::{fs, io::Write, path::Path, path::PathBuf, time::Duration};
use town::Town;

pub use crate::cast::report::Broken as WireError;

/// The steps of the story.
const STEPS: u32 = 24;

const ENROL: &str = "/api/k/v1/enrol";
const FEED: &str = "/api/k/v1/feed";
const CLAIMS: &str = "/api/k/v1/claims";
const LEASES: &str = "/api/k/v1/leases";
const STREAM: &str = "/api/k/v1/stream";

/// What `simulator wire` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The platform's program.
    pub platform_bin: PathBuf,
    /// Where logs and data go; what an earlier story left there is removed.
    pub out: PathBuf,
}

/// Claims made while a seed draws the faults.
const WEATHER_CLAIMS: u32 = 6;

/// Whether the screen is to be told of a broken link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// The exchange fails: the screen is told, and told again when it works.
    Breaks,
    /// The kiosk gets its answer all the same.
    Holds,
}

/// What each fault does to a report of claims.
const ON_CLAIMS: [(&str, Fault, Link); 12] = [
    ("lost on the way to the platform", Fault::LoseRequest, Link::Breaks),
    ("cut off in the middle of the request", Fault::CutRequest, Link::Breaks),
    ("filed, and the answer lost", Fault::LoseAnswer, Link::Breaks),
    ("filed, and the answer late", Fault::DelayAnswer(Duration::from_millis(600)), Link::Holds),
    ("filed, and the connection reset in the answer", Fault::ResetAnswer, Link::Breaks),
    ("filed, and half of the answer", Fault::TruncateAnswer, Link::Breaks),
    (
        "filed, and the answer in drops",
        Fault::DripAnswer { piece: 48, every: Duration::from_millis(30) },
        Link::Holds,
    ),
    ("delivered twice at once", Fault::Duplicate, Link::Holds),
    ("answered 200 by a captive portal", Fault::Portal, Link::Breaks),
    ("redirected", Fault::Redirect, Link::Breaks),
    ("refused by a gateway", Fault::Unavailable { retry_after_s: None }, Link::Breaks),
    ("refused by a gateway that says when", Fault::Unavailable { retry_after_s: Some(1) }, Link::Breaks),
];

/// What each fault does to a request for stock.
const ON_LEASES: [(&str, Fault); 4] = [
    ("granted, and the answer lost", Fault::LoseAnswer),
    ("granted, and half of the answer", Fault::TruncateAnswer),
    ("delivered twice at once", Fault::Duplicate),
    ("answered 200 by a captive portal", Fault::Portal),
];

/// Plays the story against the platform's own program; true if every step held.
///
/// # Errors
/// When it could not even begin.
pub fn run(options: &Options) -> Result<bool, WireError> {
    if options.out.exists() {
        fs::remove_dir_all(&options.out).trying("emptying the folder of the story")?;
    }
    let platform_data = options.out.join("platform");
    fs::create_dir_all(&platform_data).trying("making the folder of the story")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().trying("starting")?;
    let log = options.out.join("platform.log");
    let mut platform = runtime.block_on(Platform::start(&options.platform_bin, &platform_data, &log))?;
    let told = play(platform.origin(), &options.out.join("kiosk"), std::io::stdout());
    runtime.block_on(platform.stop())?;
    told
}

/// Plays the story against the demo platform at `origin`, with the kiosk's data in `data`; true if every step held.
///
/// # Errors
/// When it could not even begin.
pub fn play(origin: &str, data: &Path, out: impl Write) -> Result<bool, WireError> {
    let mut report = Report::new(out, STEPS);
    let mut town = Town::open(origin, data)?;
    let outcome = chapters(&mut town, &mut report);
    Ok(report.close(&outcome))
}

fn chapters(town: &mut Town, report: &mut Report<impl Write>) -> Result<(), Broken> {
    report.chapter("一 · 配对与目录 (pairing and feed)");
    pair(town, report)?;
    report.chapter("二 · 领取上报 (reports of claims)");
    for case in ON_CLAIMS {
        report_of_a_claim(town, report, case)?;
    }
    report.chapter("三 · 租约 (leases)");
    for case in ON_LEASES {
        request_for_stock(town, report, case)?;
    }
    report.chapter("四 · 证书、推送与坏天气 (certificates, push, bad weather)");
    wrong_host(town, report)?;
    stream(town, report)?;
    outage(town, report)?;
    weather(town, report)
}

fn pair(town: &mut Town, report: &mut Report<impl Write>) -> Result<(), Broken> {
    let code = town.pairing_code()?;
    town.expect(ENROL, Fault::LoseAnswer, 1);
    town.kiosk.enrol(&town.proxy.origin(), &code)?;
    let said = town.kiosk.paired()?.err().ok_or_else(|| Broken::new("paired without an answer"))?;
    town.expect(FEED, Fault::TruncateAnswer, 1);
    town.expect(FEED, Fault::ResetAnswer, 1);
    town.kiosk.enrol(&town.proxy.origin(), &code)?;
    // A code works once. The kiosk keeps the key that nobody confirmed, and must be paired with it all the same.
    let again = match town.kiosk.paired()? {
        Ok(()) => "同一配对码再次可用".to_owned(),
        Err(refused) => {
            let code = town.pairing_code()?;
            town.kiosk.enrol(&town.proxy.origin(), &code)?;
            town.kiosk.paired()?.map_err(|refused| Broken::new(format!("a fresh code: {refused}")))?;
            format!("同一配对码 {refused}，新配对码可用")
        }
    };
    report.held(
        "Pairing: the answer is lost, the screen says so, and pairing works after",
        format!("{said}；{again}"),
    );

    let batches = town.batches();
    town.kiosk.until("the catalogue", |kiosk| Ok(kiosk.catalogue().batches.len() >= batches))?;
    town.wait_for_leases()?;
    report.held("Feed: half a page, then a reset; every batch arrives", format!("{batches} 批券"));
    Ok(())
}

fn report_of_a_claim(
    town: &mut Town,
    report: &mut Report<impl Write>,
    (what, fault, link): (&str, Fault, Link),
) -> Result<(), Broken> {
    town.kiosk.forget_link();
    town.expect(CLAIMS, fault, 1);
    let hits = town.hits();
    let event = town.claim_noodles()?;
    town.wait_for_hits(hits + 1)?;
    town.issued(event)?;
    let was_offline = town.kiosk.was_offline();
    must(was_offline == (link == Link::Breaks), || format!("the screen was told offline: {was_offline}"))?;
    if link == Link::Breaks {
        town.kiosk.online()?;
    }
    let claims = town.check_claims()?;
    let screen = if was_offline { "屏幕：离线，后恢复" } else { "屏幕：一直在线" };
    report.held(&format!("Report {what}"), format!("{claims} 次领取，各一张券 · {screen}"));
    Ok(())
}

fn request_for_stock(
    town: &mut Town,
    report: &mut Report<impl Write>,
    (what, fault): (&str, Fault),
) -> Result<(), Broken> {
    town.expect(LEASES, fault, 1);
    let hits = town.hits();
    let mut events = Vec::new();
    while town.gifts()? > 0 {
        events.push(town.claim_gift()?);
    }
    town.wait_for_hits(hits + 1)?;
    for event in events {
        town.issued(event)?;
    }
    town.wait_for_leases()?;
    town.check_claims()?;
    report.held(&format!("Lease {what}"), town.check_stock()?);
    Ok(())
}

fn wrong_host(town: &mut Town, report: &mut Report<impl Write>) -> Result<(), Broken> {
    town.kiosk.forget_link();
    town.expect("", Fault::WrongHost, 2);
    let hits = town.hits();
    let event = town.claim_noodles()?;
    town.wait_for_hits(hits + 2)?;
    town.kiosk.offline()?;
    let is_leak = |noted: &&Noted| noted.fault == Some(Fault::WrongHost) && !noted.path.is_empty();
    let leaked = town.proxy.noted().iter().filter(is_leak).count();
    must(leaked == 0, || format!("{leaked} requests went to a stranger"))?;
    town.issued(event)?;
    town.check_claims()?;
    report.held("A certificate for another host, twice", "没有请求发给陌生主机；换回后一张券");
    Ok(())
}

fn stream(town: &mut Town, report: &mut Report<impl Write>) -> Result<(), Broken> {
    let opened = |town: &Town| {
        let noted = town.proxy.noted();
        noted.iter().filter(|noted| noted.path.starts_with(STREAM) && noted.fault.is_none()).count()
    };
    must(opened(town) > 0, || "the kiosk never listened".to_owned())?;
    report.held("The push stream is open through the proxy", format!("{} 次打开", opened(town)));
    Ok(())
}

/// A portal for everything: what is claimed meanwhile waits, and comes when the portal is gone.
fn outage(town: &mut Town, report: &mut Report<impl Write>) -> Result<(), Broken> {
    town.kiosk.forget_link();
    let hits = town.hits();
    town.expect("", Fault::Portal, usize::MAX);
    let events = [town.claim_noodles()?, town.claim_noodles()?, town.claim_noodles()?];
    town.wait_for_hits(hits + 2)?;
    town.kiosk.offline()?;
    let waiting = town.kiosk.waiting()?;
    must(waiting == events.len(), || format!("{waiting} claims wait"))?;
    town.proxy.clear();
    town.kiosk.online()?;
    for event in events {
        town.issued(event)?;
    }
    town.check_claims()?;
    report.held(
        "A portal answers everything; three claims meanwhile",
        format!("离线时 {waiting} 次待传，恢复后各一张券"),
    );
    Ok(())
}

/// Whatever a seed draws.
fn weather(town: &mut Town, report: &mut Report<impl Write>) -> Result<(), Broken> {
    let hits = town.hits();
    town.proxy.set_weather(Some(Weather::new(1, Fault::ALL.to_vec(), 2)));
    for _ in 0..WEATHER_CLAIMS {
        let event = town.claim_noodles()?;
        town.issued(event)?;
    }
    town.proxy.clear();
    must(town.hits() > hits, || "the weather was fair".to_owned())?;
    let claims = town.check_claims()?;
    report.held("Every second request is hit by what a seed draws", format!("{} 次故障", town.hits() - hits));
    let requests = town.proxy.noted().len();
    let seen = format!("{requests} 次请求，{} 次故障，{claims} 次领取各一张券", town.hits());
    report.held("Nothing is lost and nothing doubled", seen);
    report.held("Free + leased + issued = stock, and leased is what the kiosk holds", town.check_stock()?);
    Ok(())
}
