//! The kiosk in words for the panel.

use super::markup::Fact;
use crate::cast::city::Consumer;
use cloud_sync::core::PairingNeeded;
use domain::time::UtcMillis;
use kiosk::app::{
    Camera, Enrolment, State,
    view::{self, ScreenName, words},
};

/// What the panel knows besides the state of the kiosk.
pub struct Around<'a> {
    /// The platform's address.
    pub platform: Option<&'a str>,
    /// The network cable is plugged in.
    pub is_plugged: bool,
    /// Claims the platform has not acknowledged.
    pub outbox_rows: u64,
    /// What is held before the camera.
    pub held: &'a str,
    /// What the kiosk's clock shows.
    pub at: UtcMillis,
}

/// The status, line by line.
pub fn facts(state: &State, around: &Around<'_>) -> Vec<Fact> {
    let device = &state.device;
    let slots: u64 = device.stock.values().map(|slots| u64::from(*slots)).sum();
    let at = format!("{} {}", words::date(around.at), words::clock(around.at));
    vec![
        fact("画面", screen(view::name(&state.screen))),
        fact("配对", pairing(state)),
        fact("平台", around.platform.unwrap_or("没有指定平台")),
        fact("网络", network(around.is_plugged, device.online)),
        fact("优惠", format!("{} 批", device.catalogue.batches.len())),
        fact("名额", format!("{slots} 个")),
        fact("待上报", format!("{} 笔", around.outbox_rows)),
        fact("时间", at),
        fact("摄像头", camera(device.camera)),
        fact("镜头前", if around.held.is_empty() { "没有人" } else { around.held }),
    ]
}

/// When something happened.
pub fn time(at: UtcMillis) -> String {
    words::clock(at)
}

/// A person in the list of phones.
pub fn person(person: &Consumer) -> String {
    let crowd = match person.key.as_str() {
        "young_single" => "单身青年",
        "business_traveller" => "商旅客",
        "student" => "学生",
        "family" => "亲子家庭",
        "talent" => "人才",
        "no_consents" => "未授权",
        other => other,
    };
    format!("{}（{crowd}）", person.name)
}

fn fact(label: &str, value: impl Into<String>) -> Fact {
    let value: String = value.into();
    Fact { label: label.into(), value: value.into() }
}

fn screen(name: ScreenName) -> &'static str {
    match name {
        ScreenName::Attract => "待机",
        ScreenName::Scan => "扫码",
        ScreenName::Offers => "优惠列表",
        ScreenName::OfferDetail => "优惠详情",
        ScreenName::Claimed => "已领取",
        ScreenName::Refused => "未通过",
        ScreenName::StillThere => "还在吗",
        ScreenName::Maintenance => "维护",
    }
}

fn pairing(state: &State) -> String {
    let standing = match state.device.enrolment {
        Enrolment::Starting => "正在启动",
        Enrolment::Enrolled => "已配对",
        Enrolment::Needed(PairingNeeded::New) => "未配对",
        Enrolment::Needed(PairingNeeded::DeviceRefused) => "已被平台停用",
        Enrolment::Needed(PairingNeeded::EpochEnded) => "已被另一台接替",
        Enrolment::Needed(PairingNeeded::Fenced) => "数据倒退，已停用",
    };
    match &state.device.pairing_failure {
        Some(code) => format!("{standing}（上次配对：{code}）"),
        None => standing.to_owned(),
    }
}

fn network(is_plugged: bool, is_online: bool) -> &'static str {
    match (is_plugged, is_online) {
        (true, true) => "在线",
        (true, false) => "网线已接，尚未连上平台",
        (false, true) => "网线已拔，一体机还没发觉",
        (false, false) => "离线，网线已拔",
    }
}

fn camera(camera: Camera) -> &'static str {
    match camera {
        Camera::Closed => "未启用",
        Camera::Ready => "正常",
        Camera::Lost => "没有画面",
    }
}
