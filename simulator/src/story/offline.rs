//! Chapter 4: without the network. What is promised is kept by the disk, not by the process.

use super::{
    Story,
    people::Shopper,
    report::{Broken, Trying, must},
};
use crate::control::{Request, Status, Until};
use kiosk::{
    adapters::{picture_file, qr_ladder::StillDecoder, system_clock::SystemClock},
    ports::{Decoder, Monotonic},
};
use serde::Deserialize;
use serde_json::json;
use std::{path::Path, sync::Arc};

/// Two slots a kiosk.
const GIFT: &str = "伴手礼限量券20元";
const GIFT_SHOP: &str = "锦绣伴手礼";
const GIFT_CASHIER: &str = "jinxiu-1";
const BILL_FEN: i64 = 8_800;
const OFF_FEN: i64 = 2_000;
const PENDING: &str = "待网络恢复";
const SOLD_OUT: &str = "本机已领完";

#[derive(Deserialize)]
struct Preview {
    discount_fen: i64,
    pay_fen: i64,
}

#[derive(Deserialize)]
struct Redemption {
    coupon: String,
    discount_fen: i64,
    cashier_name: String,
    redeemed_at: String,
}

/// Cut, claim, claim, refuse, kill, redeem, restore.
pub async fn tell(story: &mut Story) -> Result<(), Broken> {
    story.report.chapter("四 · 断网照常领券 (claims from a lease, a crash, and back)");
    let first = Shopper::sign_in(&story.platform, &story.city, "student").await?;
    let second = Shopper::sign_in(&story.platform, &story.city, "family").await?;
    let third = Shopper::sign_in(&story.platform, &story.city, "talent").await?;
    story.kiosk.ask(&Request::Network { up: false }).await?;
    claim(story, &first, "The network is cut; one shopper claims from the kiosk's lease").await?;
    let voucher = claim(story, &second, "A second shopper claims the last slot").await?;
    too_late(story, &third).await?;
    crash(story).await?;
    let coupon = redeem_voucher(story, &second, &voucher).await?;
    restore(story, &first, &second, &coupon).await
}

async fn claim(story: &mut Story, shopper: &Shopper, step: &str) -> Result<String, Broken> {
    let before = story.kiosk.status().await?;
    let code = shopper.code(&story.platform).await?;
    story.kiosk.begin(&code).await?;
    story.kiosk.find_card(GIFT).await?;
    let detail = story.kiosk.tap_to(GIFT, "offer_detail").await?;
    let left = detail.texts.iter().find(|text| text.contains("本机余")).cloned().unwrap_or_default();
    story.kiosk.tap_to("领取", "claimed").await?;
    story.kiosk.wait(Until::Text(PENDING.to_owned())).await?;
    let picture = story.kiosk.picture("claimed-offline").await?;
    let voucher = read_voucher(&story.kiosk.picture_file(&picture))?;
    let after = story.kiosk.tap_to("完成", "attract").await?;
    must(after.outbox_rows == before.outbox_rows + 1, || format!("outbox: {before:?} then {after:?}"))?;
    let seen = format!(
        "{left} → 领取成功，{PENDING}；待发 {} 条；屏幕上的券码 {} 字 · {picture}",
        after.outbox_rows,
        voucher.len()
    );
    story.report.held(step, seen);
    Ok(voucher)
}

/// Reads the voucher off the picture of the screen, as a phone's camera would.
fn read_voucher(picture: &Path) -> Result<String, Broken> {
    let clock: Arc<dyn Monotonic> = Arc::new(SystemClock::new());
    let frame = picture_file::load(picture).trying("loading a picture")?;
    let read = StillDecoder::new(clock).decode(&frame.luma, frame.width, frame.height);
    let voucher = read.into_iter().map(|payload| payload.text).find(|text| text.starts_with("CV1:"));
    voucher.ok_or_else(|| Broken::new(format!("no voucher can be read from {}", picture.display())))
}

async fn too_late(story: &mut Story, shopper: &Shopper) -> Result<(), Broken> {
    let code = shopper.code(&story.platform).await?;
    story.kiosk.begin(&code).await?;
    story.kiosk.find_card(GIFT).await?;
    let detail = story.kiosk.tap_to(GIFT, "offer_detail").await?;
    let action = detail.buttons.iter().find(|label| label.contains(SOLD_OUT));
    let action =
        action.ok_or_else(|| Broken::new(format!("no button says {SOLD_OUT}: {:?}", detail.buttons)))?;
    let before = story.kiosk.status().await?;
    let refused = story.kiosk.tap_to(action, "refused").await?;
    let helpful = |words: &str| refused.texts.iter().any(|text| text.contains(words));
    must(helpful("这里还能领") && helpful("服务台"), || format!("not helpful: {:?}", refused.texts))?;
    must(refused.outbox_rows == before.outbox_rows, || "a refused claim is in the outbox".to_owned())?;
    let words = refused.texts.iter().find(|text| text.contains("这里还能领")).cloned().unwrap_or_default();
    let picture = story.kiosk.picture("refused-lease-empty").await?;
    story.kiosk.tap_to("结束", "attract").await?;
    story.report.held("A third is refused, and told what else there is", format!("「{words}」 · {picture}"));
    Ok(())
}

async fn crash(story: &mut Story) -> Result<(), Broken> {
    let offset_ms = story.platform.clock().await?.offset_ms;
    story.kiosk.crash(offset_ms, false).await?;
    story.kiosk.wait(Until::Enrolled).await?;
    let status = story.kiosk.wait_screen("attract").await?;
    must(status.outbox_rows == 2 && !status.online, || format!("after the restart: {status:?}"))?;
    let seen =
        format!("重启后待发 {} 条，仍离线 · {}", status.outbox_rows, story.kiosk.picture("restarted").await?);
    story.report.held("The kiosk is killed between claim and sync, and started again", seen);
    Ok(())
}

async fn redeem_voucher(story: &mut Story, holder: &Shopper, voucher: &str) -> Result<String, Broken> {
    let Story { platform, city, .. } = &*story;
    let cashier = super::redeem::cashier(story, GIFT_CASHIER).await?;
    let holder_code = holder.code(platform).await?;
    let store = &city.store(GIFT_SHOP)?.id;
    let body = json!({ "code": voucher, "holder_code": holder_code, "store": store, "bill_fen": BILL_FEN });
    let preview: Preview = platform.post("/api/m/v1/redemptions/preview", &cashier, &body).await?;
    must(preview.discount_fen == OFF_FEN && preview.pay_fen == BILL_FEN - OFF_FEN, || {
        format!("a preview of {} and {}", preview.discount_fen, preview.pay_fen)
    })?;
    let done: Redemption = platform.post("/api/m/v1/redemptions/confirm", &cashier, &body).await?;
    must(done.discount_fen == OFF_FEN, || format!("{} fen off", done.discount_fen))?;
    let seen = format!(
        "{GIFT_SHOP} · {} · 消费 {BILL_FEN} 分，减 {} 分，实付 {} 分 · {}",
        done.cashier_name, done.discount_fen, preview.pay_fen, done.redeemed_at
    );
    story.report.held("Still cut: a merchant redeems the voucher with its holder's code", seen);
    Ok(done.coupon)
}

async fn restore(story: &mut Story, first: &Shopper, second: &Shopper, coupon: &str) -> Result<(), Broken> {
    story.kiosk.ask(&Request::Network { up: true }).await?;
    story.kiosk.wait(Until::Delivered).await?;
    let Status { outbox_rows, online, .. } = story.kiosk.wait(Until::Online).await?;
    let batch = &story.city.batch(GIFT)?.id;
    let hers = first.one_coupon(&story.platform, batch).await?;
    let his = second.one_coupon(&story.platform, batch).await?;
    must(outbox_rows == 0 && online, || format!("{outbox_rows} rows wait"))?;
    must(hers.state == "issued", || format!("the first coupon is {}", hers.state))?;
    must(his.state == "redeemed" && his.id == coupon, || {
        format!("the second coupon: {his:?}, not {coupon}")
    })?;
    let seen = format!("待发 0 条 · {}：{} · {}：{}", hers.id, hers.state, his.id, his.state);
    story.report.held("The network is back: both claims are on the platform, each once", seen);
    Ok(())
}
