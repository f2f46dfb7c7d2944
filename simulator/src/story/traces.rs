//! Chapter 7: what is left of the people who were here. Nothing.

use super::{
    Story,
    people::Shopper,
    privacy::{Search, Trace},
    report::{Broken, Trying, must},
};
use kiosk::{adapters::system_clock::SystemClock, ports::Monotonic};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::timeout;

/// A name written into a file of its own, to show that the search would find it.
const PLANTED: &str = "planted.bin";
/// Whoever comes next must not see who was here.
const WIPED_WITHIN: Duration = Duration::from_secs(1);
/// Rules in the feed name the tags that batches are meant for; that file says nothing about a person.
const PUBLIC_STORE: &str = "content.db";

/// Wiped screen, silent disk.
pub async fn tell(story: &mut Story) -> Result<(), Broken> {
    story.report.chapter("七 · 人走不留痕 (no traces)");
    wiped(story).await?;
    let (people, tags) = searches(story);
    let screens = story.kiosk.texts().iter().cloned().collect::<Vec<_>>().join("\n");
    let (mut traces, looked_at) = look_in(story.kiosk.data(), &people, &tags).trying("searching the disk")?;
    traces.extend(people.look("screens", screens.as_bytes()));
    traces.extend(tags.look("screens", screens.as_bytes()));
    must(traces.is_empty(), || format!("traces of people: {traces:?}"))?;
    let seen = format!(
        "{} 种写法 × {looked_at} 字节磁盘、{} 句屏幕文字：0 处",
        people.len() + tags.len(),
        story.kiosk.texts().len()
    );
    story.report.held("No name, phone, tag or code that was shown is on the kiosk's disk or screens", seen);
    planted(story, &people, &tags)
}

async fn wiped(story: &mut Story) -> Result<(), Broken> {
    let before = story.kiosk.wait_screen("attract").await?;
    let shopper = Shopper::sign_in(&story.platform, &story.city, "young_single").await?;
    let code = shopper.code(&story.platform).await?;
    let during = story.kiosk.begin(&code).await?;
    let clock = SystemClock::new();
    let after = timeout(WIPED_WITHIN, story.kiosk.tap_to("结束", "attract")).await;
    let took_ms = clock.monotonic().as_millis();
    let after = after.trying("waiting a second for the screen to be wiped")??;
    let personal: BTreeSet<&String> =
        during.texts.iter().filter(|text| !before.texts.contains(text)).collect();
    let kept: Vec<&String> = after.texts.iter().filter(|text| personal.contains(text)).collect();
    // The clock in the header may have gone on meanwhile, in the session and after it alike.
    let kept: Vec<&&String> = kept.iter().filter(|text| text.chars().count() > "20:00".len()).collect();
    must(kept.is_empty() && !personal.is_empty(), || format!("still on the screen: {kept:?}"))?;
    let seen = format!(
        "会话中 {} 句，{took_ms} 毫秒后 0 句 · {}",
        personal.len(),
        story.kiosk.picture("wiped").await?
    );
    story.report.held("Within a second of its end nothing of a session is on the screen", seen);
    Ok(())
}

/// What must be nowhere, and what may be in the public store alone.
fn searches(story: &Story) -> (Search, Search) {
    let (mut people, mut targeted) = (Search::default(), Search::default());
    let public: BTreeSet<u32> =
        story.city.batches.iter().flat_map(|batch| batch.targeted_tags.iter().copied()).collect();
    let tags: BTreeSet<u32> =
        story.city.consumers.iter().flat_map(|consumer| consumer.tags.iter().copied()).collect();
    for consumer in &story.city.consumers {
        people.add_text(&consumer.name);
        people.add_text(&consumer.phone);
    }
    for code in story.kiosk.shown() {
        people.add_text(code);
    }
    for tag in tags {
        if public.contains(&tag) { targeted.add_tag(tag) } else { people.add_tag(tag) }
    }
    (people, targeted)
}

fn look_in(data: &Path, people: &Search, targeted: &Search) -> std::io::Result<(Vec<Trace>, u64)> {
    let (mut traces, looked_at) = people.look_in(data, |_| true)?;
    let is_private =
        |file: &Path| !file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PUBLIC_STORE));
    traces.extend(targeted.look_in(data, is_private)?.0);
    Ok((traces, looked_at))
}

fn planted(story: &mut Story, people: &Search, targeted: &Search) -> Result<(), Broken> {
    let file: PathBuf = story.kiosk.data().join(PLANTED);
    let name = story.city.consumer("young_single")?.name.clone();
    let hidden: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&file, [b"\0\x01".as_slice(), &hidden, b"\xff"].concat()).trying("planting a name")?;
    let found = look_in(story.kiosk.data(), people, targeted);
    fs::remove_file(&file).trying("removing the planted name")?;
    let (traces, _) = found.trying("searching the disk again")?;
    let right = traces.len() == 1 && traces[0].place.ends_with(PLANTED);
    must(right, || format!("the planted name: {traces:?}"))?;
    story.report.held("The same search finds a planted name", format!("{} · {}", traces[0].form, PLANTED));
    Ok(())
}
