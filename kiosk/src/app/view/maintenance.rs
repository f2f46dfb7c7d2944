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

/// Why pairing failed and what to do about it, for the technician; the code stands behind, for whoever is asked.
#[must_use]
pub fn pairing_failure(code: &str) -> String {
    let words = match code {
        "PAIRING_REFUSED" => "配对码不对或已过期，请重新生成",
        "RATE_LIMITED" => "尝试太频繁，请稍后再试",
        "UNREACHABLE" => "连不上平台，请检查网线和平台地址",
        "TIMEOUT" => "平台没有及时应答，请再试一次",
        "PLAIN_HTTP" => "平台地址须以 https 开头",
        "UNKNOWN_AUTHORITY" => "证书不是可信机构签发的，请核对根证书和网络",
        "WRONG_HOST" => "证书属于另一台主机，请核对平台地址",
        "CERTIFICATE_NOT_VALID" => "证书不在有效期内，请先核对本机时间",
        "NOT_SECURE" => "无法建立加密连接，请检查网络",
        "NOT_PLATFORM" => "应答的不是平台，请检查网络是否需要登录",
        other => return other.to_owned(),
    };
    format!("{words}（{code}）")
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
    facts.extend(state.device.pairing_failure.as_ref().map(|code| fact("上次配对", &pairing_failure(code))));
    MaintenanceView {
        title: title.to_owned(),
        body: body.to_owned(),
        facts,
        retry: if needs_pairing { "重试".to_owned() } else { String::new() },
    }
}
