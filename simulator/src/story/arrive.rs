//! Chapter 1: the platform is up, a kiosk is paired and fetches what it needs.

use super::{
    Story, clocks,
    kiosk::{Kiosk, Places},
    platform::{Desk, Platform},
    report::{Broken, Telling, must},
};
use crate::{
    cast::city::City,
    control::{Request, Until},
};
use serde::Deserialize;
use serde_json::json;

/// What a technician types into a new kiosk.
#[derive(Deserialize)]
pub struct Pairing {
    /// The code.
    pub code: String,
    /// Until when it is accepted.
    pub expires_at: String,
}

/// A fresh pairing code, made by the operator who looks after the kiosks.
pub async fn pairing_code(platform: &Platform, city: &City) -> Result<Pairing, Broken> {
    let fleet =
        platform.sign_in(Desk::Operator, &city.staff("op_fleet")?.login, &city.staff_password).await?;
    let place = json!({ "mall": city.mall, "place": "一层中庭东侧" });
    platform.post("/api/o/v1/kiosks/pairing-codes", &fleet, &place).await
}

/// Begins the story with everything that was opened.
pub async fn tell(
    mut report: Telling,
    platform: Platform,
    places: Places,
) -> Result<Story, (Telling, Broken)> {
    report.chapter("一 · 平台就绪，一体机绑定 (platform and kiosk)");
    match open(&mut report, &platform, places).await {
        Ok((city, kiosk)) => Ok(Story { report, platform, kiosk, city }),
        Err(broken) => Err((report, broken)),
    }
}

async fn open(report: &mut Telling, platform: &Platform, places: Places) -> Result<(City, Kiosk), Broken> {
    let clock = platform.set_clock(clocks::next_evening(platform.clock().await?.now_ms)).await?;
    let city: City = platform.get("/demo/city", None).await?;
    let seen = format!(
        "{} · {}：{} 家门店、{} 批券、{} 位居民",
        platform.origin(),
        city.mall_name,
        city.stores.len(),
        city.batches.len(),
        city.consumers.len()
    );
    report.held("The platform serves the demo city, its clock at 19:55", seen);

    let mut kiosk = Kiosk::start(places, clock.offset_ms).await?;
    let unpaired = kiosk.wait_screen("maintenance").await?;
    must(!unpaired.enrolled && unpaired.offers == 0, || {
        format!("a new kiosk that knows things: {unpaired:?}")
    })?;
    let picture = kiosk.picture("maintenance").await?;
    report.held("A kiosk without a platform says that it must be paired", picture);

    let pairing = pairing_code(platform, &city).await?;
    report.held(
        "An operator signs in and makes a pairing code",
        format!("{}，{} 前有效", pairing.code, pairing.expires_at),
    );

    let pair = Request::Pair { platform: platform.origin().to_owned(), code: pairing.code };
    kiosk.ask(&pair).await?;
    kiosk.wait(Until::Offers(u32::try_from(city.batches.len()).unwrap_or(u32::MAX))).await?;
    let paired = kiosk.wait(Until::Leases).await?;
    must(paired.enrolled && paired.online, || format!("paired and not in touch: {paired:?}"))?;
    let seen = format!("{} 批券已缓存，租到 {} 个名额", paired.offers, paired.lease_slots);
    report.held("The kiosk pairs, caches the feed and leases stock", seen);

    kiosk.wait_screen("attract").await?;
    report.held("It invites", kiosk.picture("attract").await?);
    Ok((city, kiosk))
}
