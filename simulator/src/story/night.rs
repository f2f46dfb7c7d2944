//! Chapter 2: who sees what, and when it may be claimed.

use super::{
    Story, clocks,
    people::Shopper,
    report::{Broken, must},
};
use crate::control::{Status, Until};
use std::collections::BTreeSet;

/// Claimable from 20:00 by the young and single.
pub const NIGHT: &str = "夜市美食满100减30";
/// For business travellers.
pub const BUSINESS: &str = "商旅住宿满500减80";
const OPENS: &str = "20:00 起";
const CLAIM: &str = "领取";

/// The young shopper, and what is in her wallet now.
pub struct Night {
    /// Her.
    pub young: Shopper,
    /// The id of her coupon.
    pub coupon: String,
}

/// 19:59, 20:00, and somebody else.
pub async fn tell(story: &mut Story) -> Result<Night, Broken> {
    story.report.chapter("二 · 千人千券 (whom it is for, and when)");
    let young = Shopper::sign_in(&story.platform, &story.city, "young_single").await?;
    too_early(story, &young).await?;
    let (coupon, hers) = claim(story, &young).await?;
    somebody_else(story, &hers).await?;
    Ok(Night { young, coupon })
}

async fn too_early(story: &mut Story, young: &Shopper) -> Result<(), Broken> {
    clocks::move_to_evening(story, 19, 59).await?;
    story.kiosk.tap_to("触摸开始", "scan").await?;
    let code = young.code(&story.platform).await?;
    story.report.held("19:59, a young single shopper walks up", story.kiosk.picture("scan").await?);

    story.kiosk.show(&code, "offers").await?;
    let card = story.kiosk.find_card(NIGHT).await?;
    must(says(&card, NIGHT, OPENS), || format!("the card does not say {OPENS}: {:?}", card.texts))?;
    let seen = format!("{NIGHT}：{OPENS} · {}", story.kiosk.picture("offers-1959").await?);
    story.report.held("Her phone is read from camera frames; the night offer waits", seen);

    let detail = story.kiosk.tap_to(NIGHT, "offer_detail").await?;
    let claimable = detail.buttons.iter().any(|label| label == CLAIM);
    let told = detail.texts.iter().any(|text| text.contains(OPENS));
    must(!claimable && told, || format!("claimable at 19:59: {:?} {:?}", detail.buttons, detail.texts))?;
    let seen = format!("按钮：{} · {}", detail.buttons.join("、"), story.kiosk.picture("detail-1959").await?);
    story.report.held("It can be read, and not be claimed", seen);
    story.kiosk.tap_to("结束", "attract").await?;
    Ok(())
}

/// True if the card with this title says `words`: a card's details follow its title.
fn says(screen: &Status, title: &str, words: &str) -> bool {
    screen.texts.windows(2).any(|pair| pair[0] == title && pair[1].contains(words))
}

async fn claim(story: &mut Story, young: &Shopper) -> Result<(String, Vec<String>), Broken> {
    clocks::move_to_evening(story, 20, 0).await?;
    let code = young.code(&story.platform).await?;
    story.kiosk.begin(&code).await?;
    let hers = story.kiosk.offers().await?;
    let card = story.kiosk.find_card(NIGHT).await?;
    must(!says(&card, NIGHT, OPENS), || "20:00 and the card still waits".to_owned())?;
    story.report.held("20:00, the same shopper again", story.kiosk.picture("offers-2000").await?);

    story.kiosk.tap_to(NIGHT, "offer_detail").await?;
    let picture = story.kiosk.picture("detail-2000").await?;
    let claimed = story.kiosk.tap_to(CLAIM, "claimed").await?;
    let seen = format!("{} · {picture} · {}", on_claimed(&claimed), story.kiosk.picture("claimed").await?);
    story.report.held("She claims it", seen);

    story.kiosk.wait(Until::Delivered).await?;
    let batch = story.city.batch(NIGHT)?.id.clone();
    let coupon = young.one_coupon(&story.platform, &batch).await?;
    must(coupon.state == "issued", || format!("in the wallet as {}", coupon.state))?;
    story
        .report
        .held("The coupon is in her wallet on the platform", format!("{} · {}", coupon.title, coupon.id));
    story.kiosk.tap_to("完成", "attract").await?;
    Ok((coupon.id, hers))
}

fn on_claimed(screen: &Status) -> String {
    screen.texts.iter().find(|text| text.contains("领取")).cloned().unwrap_or_default()
}

async fn somebody_else(story: &mut Story, hers: &[String]) -> Result<(), Broken> {
    let traveller = Shopper::sign_in(&story.platform, &story.city, "business_traveller").await?;
    let code = traveller.code(&story.platform).await?;
    story.kiosk.begin(&code).await?;
    let picture = story.kiosk.picture("offers-business").await?;
    let his = story.kiosk.offers().await?;
    story.kiosk.tap_to("结束", "attract").await?;
    let has = |list: &[String], title: &str| list.iter().any(|offer| offer == title);
    let apart = has(&his, BUSINESS) && !has(&his, NIGHT) && has(hers, NIGHT) && !has(hers, BUSINESS);
    must(apart, || format!("hers {hers:?}, his {his:?}"))?;
    let (hers, his): (BTreeSet<&String>, BTreeSet<&String>) = (hers.iter().collect(), his.iter().collect());
    let list =
        |titles: Vec<&&String>| titles.into_iter().map(|title| title.as_str()).collect::<Vec<_>>().join("、");
    let seen = format!(
        "只给她：{} · 只给他：{} · 人人可领：{} · {picture}",
        list(hers.difference(&his).collect()),
        list(his.difference(&hers).collect()),
        list(hers.intersection(&his).collect())
    );
    story.report.held("A business traveller sees other offers", seen);
    Ok(())
}
