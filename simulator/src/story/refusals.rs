//! Chapter 3: every code that is no consumer code of this person, now and here, is refused in words of its own.

use super::{
    Story, clocks,
    night::Night,
    report::{Broken, must},
};
use crate::control::Status;
use domain::{
    consumer_code::{self, CODE_VALID_MS, CodeHead, IdentifyCode, Pseudonym},
    ids::{CityCode, TagId},
};
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;

/// Places of a code where one character is exchanged for another.
const FLIPPED: [usize; 5] = [4, 40, 90, 140, 190];
/// A neighbour, for a code that is genuine elsewhere.
const OTHER_CITY: u32 = 310_100;
/// Raw texts shorter than this could stand on a screen by chance.
const ECHO_CHARS: usize = 8;

/// A code that must be refused.
struct Stranger {
    /// Names the picture.
    name: &'static str,
    /// What it is, for the reader.
    what: &'static str,
    text: String,
}

/// Tells the chapter.
pub async fn tell(story: &mut Story, night: &Night) -> Result<(), Broken> {
    story.report.chapter("三 · 认得出、说得清 (refused, each in its own words)");
    let strangers = gather(story, night).await?;
    let scan = story.kiosk.tap_to("触摸开始", "scan").await?;
    let mut titles: BTreeMap<String, &'static str> = BTreeMap::new();
    for stranger in &strangers {
        let (title, picture) = refuse(story, stranger, &scan).await?;
        let earlier = titles.insert(title.clone(), stranger.name);
        let told_apart = earlier.is_none_or(|earlier| same_kind(earlier, stranger.name));
        must(told_apart, || format!("{} and {earlier:?} share the words {title}", stranger.name))?;
        story.report.held(stranger.what, format!("「{title}」 · {picture}"));
    }
    story.kiosk.tap_to("返回", "attract").await?;
    Ok(())
}

/// Both are payment codes, or both are forged: the shopper is to do the same.
fn same_kind(one: &str, two: &str) -> bool {
    let kind = |name: &str| name.split('-').next().map(str::to_owned);
    kind(one) == kind(two)
}

async fn gather(story: &mut Story, night: &Night) -> Result<Vec<Stranger>, Broken> {
    let expired = night.young.code(&story.platform).await?;
    clocks::pass_minutes(story, 5).await?;
    let replayed = night.young.code(&story.platform).await?;
    story.kiosk.begin(&replayed).await?;
    story.kiosk.tap_to("结束", "attract").await?;
    let mut strangers = vec![
        Stranger { name: "expired", what: "A code from five minutes ago", text: expired },
        Stranger { name: "replayed", what: "A code that opened a session before", text: replayed },
        Stranger { name: "payment-wechat", what: "A WeChat payment code", text: "134650012345678901".into() },
        Stranger {
            name: "payment-alipay",
            what: "An Alipay payment code",
            text: "280012345678901234".into(),
        },
        Stranger { name: "link", what: "A web address", text: "https://example.com/coupon?id=42".into() },
        Stranger {
            name: "huge",
            what: "A QR code of 4 KB",
            text: "CX1:0123456789ABCDEF".repeat(205)[..4096].into(),
        },
        Stranger { name: "garbage", what: "Garbage", text: "@@@ ~garbage~ 42 {}[] <script>".into() },
    ];
    let redeem = night.young.redeem_code(&story.platform, &night.coupon).await?;
    strangers.push(Stranger { name: "redeem", what: "A code made for redeeming", text: redeem.code });
    let now = story.platform.clock().await?.now_ms;
    strangers.push(Stranger {
        name: "city",
        what: "A genuine code of another city",
        text: of_another_city(now),
    });
    let genuine = night.young.code(&story.platform).await?;
    for (index, place) in FLIPPED.into_iter().enumerate() {
        let name = ["forged-1", "forged-2", "forged-3", "forged-4", "forged-5"][index];
        strangers.push(Stranger {
            name,
            what: "A code with one character changed",
            text: flipped(&genuine, place)?,
        });
    }
    Ok(strangers)
}

async fn refuse(story: &mut Story, stranger: &Stranger, scan: &Status) -> Result<(String, String), Broken> {
    let before = story.kiosk.status().await?;
    let refused = story.kiosk.show(&stranger.text, "refused").await?;
    let picture = story.kiosk.picture(&format!("refused-{}", stranger.name)).await?;
    let title = words_beyond(&refused, scan).next().unwrap_or_default().to_owned();
    must(!title.is_empty(), || format!("{} is refused without a word: {:?}", stranger.name, refused.texts))?;
    let echo: String = stranger.text.chars().take(ECHO_CHARS).collect();
    let echoed = refused.texts.iter().find(|text| text.contains(&echo));
    must(echoed.is_none(), || format!("{} is echoed: {echoed:?}", stranger.name))?;
    let kept_nothing = refused.outbox_rows == before.outbox_rows && refused.sessions <= before.sessions;
    must(kept_nothing, || format!("{} left something: {before:?} {refused:?}", stranger.name))?;
    story.kiosk.tap_to("重新扫码", "scan").await?;
    Ok((title, picture))
}

/// What a screen says that the one before did not; the clock in the header is nobody's words.
fn words_beyond<'a>(screen: &'a Status, before: &'a Status) -> impl Iterator<Item = &'a str> {
    let is_clock = |text: &&str| text.chars().all(|letter| letter.is_ascii_digit() || letter == ':');
    let said = screen.texts.iter().map(String::as_str);
    said.filter(move |text| !before.texts.iter().any(|known| known == text) && !is_clock(text))
}

/// What a phone of a neighbouring city would show: everything right but the city, whose keys this kiosk has not.
fn of_another_city(now: domain::time::UtcMillis) -> String {
    let head = CodeHead {
        city: CityCode::new(OTHER_CITY),
        pseudonym: Pseudonym::from_bytes([7; 16]),
        issued_at: now,
        expires_at: now.plus_ms(CODE_VALID_MS),
        nonce: [9; 8],
    };
    let code = IdentifyCode { head, tags: vec![TagId::new(1)], pass: None };
    consumer_code::issue_identify(&code, [0x20, 0x26, 0x47, 0x01], &SigningKey::from_bytes(&[3; 32]))
}

/// The code with another character at `place`.
fn flipped(code: &str, place: usize) -> Result<String, Broken> {
    let mut letters: Vec<char> = code.chars().collect();
    let letter =
        letters.get_mut(place).ok_or_else(|| Broken::new(format!("a code of {} characters", code.len())))?;
    *letter = if *letter == '0' { '1' } else { '0' };
    Ok(letters.into_iter().collect())
}
