//! Maintenance: what is wrong in words for everybody, and facts for the technician.

use cloud_sync::core::PairingNeeded;

use crate::app::state::{Camera, Enrolment, State};

/// What maintenance shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaintenanceView {
    /// What is the matter.
    pub title: String,
    /// What to do.
    pub body: String,
    /// For the technician.
    pub facts: Vec<FactView>,
    /// Empty when trying again is no use.
    pub retry: String,
}

/// A line for the technician.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactView {
    /// What it is about.
    pub label: String,
    /// How it is.
    pub value: String,
}

pub(super) fn view(state: &State) -> MaintenanceView {
    let (title, body) = match state.device.enrolment {
        Enrolment::Starting | Enrolment::Enrolled => ("正在启动", "马上就好，请稍候"),
        Enrolment::Needed(PairingNeeded::New) => {
            ("本机尚未配对", "请技术人员用运营后台的配对码完成配对\n给您带来不便，请到服务台领券")
        }
        Enrolment::Needed(PairingNeeded::DeviceRefused) => {
            ("本机已停用", "平台没有认可这台设备，请技术人员处理\n给您带来不便，请到服务台领券")
        }
        Enrolment::Needed(PairingNeeded::EpochEnded) => {
            ("本机需要重新配对", "另一台设备已接替本机，请技术人员重新配对\n给您带来不便，请到服务台领券")
        }
        Enrolment::Needed(PairingNeeded::Fenced) => (
            "本机需要重新配对",
            "本机数据早于平台记录，可能被恢复或复制过，已停止发券，请技术人员核查\n给您带来不便，请到服务台领券",
        ),
    };
    let camera = match state.device.camera {
        Camera::Closed => "未启用",
        Camera::Ready => "正常",
        Camera::Lost => "未找到，请检查线缆",
    };
    let fact = |label: &str, value: &str| FactView { label: label.to_owned(), value: value.to_owned() };
    let needs_pairing = matches!(state.device.enrolment, Enrolment::Needed(_));
    let mut facts = vec![
        fact("程序版本", &state.device.setup.build),
        fact("网络", if state.device.online { "已连接" } else { "未连接" }),
        fact("摄像头", camera),
    ];
    facts.extend(state.device.pairing_failure.as_ref().map(|code| fact("上次配对", code)));
    MaintenanceView {
        title: title.to_owned(),
        body: body.to_owned(),
        facts,
        retry: if needs_pairing { "重试".to_owned() } else { String::new() },
    }
}
