//! What the screens are filled with: an ordinary evening, and the longest texts a mall really has.

use slint::{ComponentHandle, Image, ModelRc, Rgb8Pixel, SharedPixelBuffer, SharedString, VecModel};
use ui::{
    Attract, Card, ChipKind, Claimed, Fact, KioskWindow, Link, Maintenance, OfferDetail, Offers, Scan,
    Session, Slide, Tone,
};

pub fn texts(lines: &[&str]) -> ModelRc<SharedString> {
    ModelRc::new(lines.iter().map(|line| SharedString::from(*line)).collect::<VecModel<_>>())
}

pub fn cards(cards: Vec<Card>) -> ModelRc<Card> {
    ModelRc::new(VecModel::from(cards))
}

/// One of each state.
pub fn evening() -> Vec<Card> {
    vec![
        card("1", ("¥", "20", ""), "满100元可用", "夜市小吃满减券", ("可领", ChipKind::Open)),
        card("2", ("", "8.5", "折"), "最高减 50 元", "川味小馆双人晚餐", ("20:00 起", ChipKind::Later)),
        card("3", ("¥", "15", ""), "无门槛", "青年观影补贴券", ("已领", ChipKind::Held)),
        card("4", ("¥", "120", ""), "满600元可用", "银发健康体检券", ("抢光", ChipKind::Gone)),
        card("5", ("¥", "50", ""), "满300元可用", "差旅商务套餐券", ("待确认", ChipKind::Pending)),
    ]
}

fn card(id: &str, amount: (&str, &str, &str), rule: &str, title: &str, chip: (&str, ChipKind)) -> Card {
    let gone = chip.1 == ChipKind::Gone;
    Card {
        id: id.into(),
        amount_prefix: amount.0.into(),
        amount_number: amount.1.into(),
        amount_suffix: amount.2.into(),
        rule: rule.into(),
        title: title.into(),
        place: "南门夜市·1层 A12".into(),
        why: if gone { "" } else { "离您最近，步行 2 分钟" }.into(),
        expiry: "今晚 23:00 前有效".into(),
        chip_text: chip.0.into(),
        chip_kind: chip.1,
        gov_funded: id != "2",
        stock: "本机余 12 张".into(),
        enabled: !gone,
    }
}

/// The longest names and numbers a seeded mall carries.
pub fn long_cards() -> Vec<Card> {
    let mut cards = evening();
    for card in &mut cards {
        card.amount_prefix = "¥".into();
        card.amount_number = "1288.88".into();
        card.amount_suffix = "".into();
        card.rule = "满12888.00元可用".into();
        card.title = "城市文旅消费季·老字号餐饮联盟工作日午市双人套餐专享券".into();
        card.place = "同庆楼饕餮宴会中心·地下一层 B1-108".into();
        card.why = "您所在的人群专享，且离您最近，步行约 3 分钟".into();
        card.expiry = "2026-12-31 22:00 前有效".into();
        card.gov_funded = true;
    }
    cards
}

pub fn fill_evening(window: &KioskWindow) {
    let session = window.global::<Session>();
    session.set_mall_name("星光天地购物中心".into());
    session.set_clock("20:05".into());
    session.set_date("2026-11-22 周日".into());
    window.global::<Offers>().set_cards(cards(evening()));
    window.global::<Offers>().set_countdown_text("60 秒后结束".into());
    window.global::<Scan>().set_picture(camera());
    window.global::<Claimed>().set_voucher(code());
}

pub fn fill_long(window: &KioskWindow) {
    fill_evening(window);
    let session = window.global::<Session>();
    session.set_mall_name("滨江新区国际会展中心奥特莱斯购物公园".into());
    session.set_link(Link::Offline);
    let offers = window.global::<Offers>();
    offers.set_cards(cards(long_cards()));
    offers.set_greeting("晚上好，夜享滨江美好生活".into());
    offers.set_subline("为您选出 128 张可用的券，优先显示离您最近的店".into());
    offers.set_page(12);
    offers.set_pages(26);
    offers.set_countdown_text("120 秒后结束".into());
    offers.set_offline_text("暂时离线，本机存券照常可领，联网后自动确认".into());
    let detail = window.global::<OfferDetail>();
    detail.set_card(long_cards().remove(0));
    detail.set_terms(texts(&[
        "每人每日限领 1 张，每月最多 4 张，领取后 72 小时内有效，逾期自动失效",
        "单笔实付满 12888.00 元可减 1288.88 元，不找零，不兑换现金",
        "仅限滨江新区参与活动的老字号餐饮门店堂食使用，外卖与宴席除外",
        "不与店内其他优惠同享，酒水、服务费与储值卡充值不参加",
        "发生退款时，按实付金额退回，已核销的券不退不补",
    ]));
    detail.set_action_label("20:00 起可领".into());
    detail.set_action_enabled(false);
    detail.set_offline_text("暂时离线，领取后待网络恢复确认".into());
    let claimed = window.global::<Claimed>();
    claimed.set_coupon("城市文旅消费季·老字号餐饮联盟工作日午市双人套餐专享券 ¥1288.88".into());
    claimed.set_lines(texts(&[
        "同庆楼饕餮宴会中心·地下一层 B1-108（南门直梯旁）",
        "2026-12-31 22:00 前，工作日 11:00 至 14:00 使用",
        "单笔实付满 12888.00 元可用",
    ]));
    claimed.set_state_note("已领取，待网络恢复后确认".into());
    claimed.set_seconds_left(120);
    let scan = window.global::<Scan>();
    scan.set_hint("没有看清，请把手机拿远一点，并调亮屏幕后再试一次".into());
    scan.set_hint_tone(Tone::Warning);
    window.global::<Attract>().set_slides(slides());
    window.global::<Maintenance>().set_facts(ModelRc::new(VecModel::from(
        [
            ("程序版本", "0.1.0 (2026-11-22 8a80ac9)"),
            ("设备编号", "01J9ZQ4M-7K2D-4F0A-9C3E-55D1B0A7E612"),
            ("网络", "暂时离线，上次同步 2026-11-22 19:48"),
            ("摄像头", "未找到，请检查线缆后点重试"),
            ("存储空间", "剩余 12.4 GB"),
        ]
        .map(|(label, value)| Fact { label: label.into(), value: value.into() })
        .to_vec(),
    )));
}

/// Two drawn banners with the corners already rounded, as they arrive from the platform.
pub fn slides() -> ModelRc<Slide> {
    let slide = |caption: &str, detail: &str, tint: [u8; 3]| Slide {
        picture: banner(tint),
        amount: "".into(),
        caption: caption.into(),
        detail: detail.into(),
    };
    ModelRc::new(VecModel::from(vec![
        slide("夜享星光，满百减二十", "每晚 20:00 至 23:00，南门夜市", [0x2b, 0x27, 0x50]),
        slide("青年观影补贴季", "星河影城 6 层，工作日全天可用", [0xd2, 0x3a, 0x1f]),
    ]))
}

fn banner(tint: [u8; 3]) -> Image {
    const WIDTH: u32 = 984;
    const HEIGHT: u32 = 820;
    const RADIUS: i64 = 20;
    let mut pixels = slint::SharedPixelBuffer::<slint::Rgba8Pixel>::new(WIDTH, HEIGHT);
    for (index, pixel) in pixels.make_mut_slice().iter_mut().enumerate() {
        let (x, y) = (index as i64 % i64::from(WIDTH), index as i64 / i64::from(WIDTH));
        let beyond = |at: i64, size: u32| (RADIUS - at).max(at - (i64::from(size) - 1 - RADIUS)).max(0);
        let inside = beyond(x, WIDTH).pow(2) + beyond(y, HEIGHT).pow(2) <= RADIUS * RADIUS;
        let light = ((x + y) * 60 / i64::from(WIDTH + HEIGHT)) as u8;
        let shade = tint.map(|channel| channel.saturating_add(light));
        *pixel = slint::Rgba8Pixel { r: shade[0], g: shade[1], b: shade[2], a: if inside { 255 } else { 0 } };
    }
    Image::from_rgba8(pixels)
}

/// A camera frame: a dim mall with a bright phone in a hand's place.
pub fn camera() -> Image {
    let mut pixels = SharedPixelBuffer::<Rgb8Pixel>::new(640, 480);
    for (index, pixel) in pixels.make_mut_slice().iter_mut().enumerate() {
        let (x, y) = (index % 640, index / 640);
        let phone = (240..400).contains(&x) && (90..400).contains(&y);
        let light = if phone { 235 } else { 40 + (x * 40 / 640 + y * 30 / 480) as u8 };
        *pixel = Rgb8Pixel { r: light, g: light, b: light.saturating_sub(6) };
    }
    Image::from_rgb8(pixels)
}

/// What the voucher below says.
pub const VOUCHER: &str = "CV1:7K2D4F0A9C3E55D1B0A7E61201J9ZQ4M";

/// The voucher as a picture, one pixel a module, without a quiet zone.
pub fn code() -> Image {
    let code = qrcode::QrCode::new(VOUCHER).unwrap();
    let side = code.width() as u32;
    let mut pixels = SharedPixelBuffer::<Rgb8Pixel>::new(side, side);
    for (pixel, module) in pixels.make_mut_slice().iter_mut().zip(code.to_colors()) {
        let light = module.select(0x22, 0xff);
        *pixel = Rgb8Pixel { r: light, g: light, b: light };
    }
    Image::from_rgb8(pixels)
}
