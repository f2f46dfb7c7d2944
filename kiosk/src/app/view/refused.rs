//! Refused: each no in its own words: what happened, what to do, who helps. Nothing of the code is repeated.

use domain::consumer_code::CodeError;
use domain::ids::BatchId;

use super::words;
use crate::app::flow::refused::{Way, ways};
use crate::app::refusal::{NoCoupon, Refused};
use crate::app::shelf;
use crate::app::state::State;
use crate::ports::Now;

/// Other offers named on the screen.
const ALTERNATIVES_MAX: usize = 2;

/// What refused shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedView {
    /// How much it weighs.
    pub weight: Weight,
    /// What happened.
    pub title: String,
    /// What to do, a sentence a line.
    pub body: String,
    /// Who helps.
    pub help: String,
    /// The main way on.
    pub primary: String,
    /// The other way on.
    pub secondary: String,
}

/// How much a refusal weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Nothing is wrong.
    Info,
    /// Try again.
    Warning,
    /// This code cannot be used.
    Alert,
}

/// Weight, title, body.
type Words = (Weight, String, String);

pub(super) fn view(state: &State, why: Refused, now: Now) -> RefusedView {
    let (weight, title, body) = match why {
        Refused::Code(error) => code(error),
        Refused::Replayed => fixed(
            Weight::Warning,
            "这个消费码已经用过",
            "每个消费码只能在本机用一次。\n请在手机上刷新消费码，再对准摄像头。",
        ),
        Refused::Denied => fixed(
            Weight::Info,
            "这个消费码暂时不能在本机使用",
            "您的账户有一项情况需要人工核实。\n请到服务台，工作人员会帮您查看并处理。",
        ),
        Refused::PassRevoked => fixed(
            Weight::Warning,
            "这个离线消费码已停用",
            "您的授权有过变动，手机上的离线码还是旧的。\n请让手机联网，刷新消费码后再对准摄像头。",
        ),
        Refused::NoKeys => fixed(
            Weight::Info,
            "本机还在准备中",
            "识别消费码所需的资料还没下载完。\n请稍后再来，或先逛逛公共优惠。",
        ),
        Refused::TimeUnknown => fixed(
            Weight::Info,
            "本机正在校准时间",
            "校准之前无法核对消费码的有效期。\n请稍后再试，或先逛逛公共优惠。",
        ),
        Refused::SessionNotKept => fixed(
            Weight::Warning,
            "本机暂时打不开您的券",
            "刚才的扫码没有保存，消费码没有作废。\n请再试一次，或换一台设备。",
        ),
        Refused::Claim { batch, why } => claim(state, batch, why, now),
    };
    let (primary, secondary) = ways(why);
    RefusedView {
        weight,
        title,
        body,
        help: help(state),
        primary: label(primary).to_owned(),
        secondary: label(secondary).to_owned(),
    }
}

fn fixed(weight: Weight, title: &str, body: &str) -> Words {
    (weight, title.to_owned(), body.to_owned())
}

fn code(error: CodeError) -> Words {
    let (weight, title, body) = match error {
        CodeError::PaymentCode => (
            Weight::Alert,
            "请勿展示付款码",
            "这是付款码，本机不收款，也没有保存它。\n请关闭付款码，改为亮出消费码。",
        ),
        CodeError::Link => {
            (Weight::Info, "这是网页链接", "本机不会打开任何链接。\n请在手机上打开消费通，亮出消费码。")
        }
        CodeError::Voucher => {
            (Weight::Info, "这是券码，不是消费码", "券码请到店里出示给店员。\n想领新券，请亮出消费码。")
        }
        CodeError::TooLong => (
            Weight::Warning,
            "这个码内容太多",
            "消费码没有这么长，本机没有读取它。\n请在手机上打开消费通，亮出消费码。",
        ),
        CodeError::Unknown => {
            (Weight::Warning, "没认出这个码", "它不是消费码。\n请在手机上打开消费通，亮出消费码。")
        }
        CodeError::Malformed => {
            (Weight::Warning, "消费码不完整", "码的内容有缺损。\n请在手机上刷新消费码，再对准摄像头。")
        }
        CodeError::OtherCity => (
            Weight::Info,
            "这是其他城市的消费码",
            "本市的券要用本市的消费码领取。\n可以先逛逛公共优惠，或到服务台办理。",
        ),
        CodeError::UnknownKey => (
            Weight::Warning,
            "消费码版本不匹配",
            "可能是手机上的消费码太旧，或本机资料还没更新。\n请刷新消费码，稍后再试。",
        ),
        CodeError::Forged => (
            Weight::Alert,
            "消费码未通过校验",
            "它的内容与签名对不上，无法使用。\n请只使用消费通里自动刷新的消费码。",
        ),
        CodeError::WrongPurpose => {
            (Weight::Info, "这是核销码，请留给店员", "核销码在付款时出示给店员。\n在这里领券，请亮出消费码。")
        }
        CodeError::NotYetValid => (
            Weight::Warning,
            "消费码还没到生效时间",
            "手机或本机的时间可能不准。\n请检查手机时间，刷新后再试。",
        ),
        CodeError::Expired => (
            Weight::Warning,
            "消费码已过期",
            "消费码两分钟内有效，截屏不能使用。\n请在手机上刷新后，再对准摄像头。",
        ),
    };
    fixed(weight, title, body)
}

fn claim(state: &State, batch: BatchId, why: NoCoupon, now: Now) -> Words {
    let at = state.time(now);
    match why {
        NoCoupon::LeaseEmpty => (Weight::Info, "这张券本机已领完".to_owned(), elsewhere(state, batch, now)),
        NoCoupon::LeaseExpired => (Weight::Info, "本机的存券已到期".to_owned(), elsewhere(state, batch, now)),
        NoCoupon::UserLimit => {
            fixed(Weight::Info, "您已领过这张券", "每人可领的数量已满。\n领过的券在手机的券包里。")
        }
        NoCoupon::WindowClosed { opens_at: Some(opens_at) } => (
            Weight::Info,
            "还没到领取时间".to_owned(),
            format!("{} 开始领取，到时再来。\n现在可以看看其他券。", words::instant(opens_at, at)),
        ),
        NoCoupon::WindowClosed { opens_at: None } => {
            fixed(Weight::Info, "这张券的领取已结束", "谢谢您的关注。\n看看还有哪些券可以领。")
        }
        NoCoupon::NotRunning => {
            fixed(Weight::Info, "这个活动已暂停", "活动方暂时停止了发放。\n看看还有哪些券可以领。")
        }
        NoCoupon::ForOthers => {
            fixed(Weight::Info, "这张券不在您的可领范围", "它有特定的发放对象。\n看看为您准备的其他券。")
        }
        NoCoupon::TimeUnknown => fixed(
            Weight::Warning,
            "暂时不能发券",
            "本机的时间还没有校准，为避免发错券先停一停。\n请稍后再试，或到服务台领取。",
        ),
        NoCoupon::NotEnrolled => fixed(
            Weight::Warning,
            "本机已停止发券",
            "这台设备正在维护，您没有损失任何名额。\n请换一台设备，或到服务台领取。",
        ),
        NoCoupon::NotKept => fixed(
            Weight::Warning,
            "没有领成，请再试一次",
            "刚才没能保存，所以没有占用您的名额。\n再试仍不行，请到服务台领取。",
        ),
    }
}

/// What else somebody can do who came too late: other offers here, the desk, the phone.
fn elsewhere(state: &State, batch: BatchId, now: Now) -> String {
    let others: Vec<String> = shelf::alternatives(state, batch, state.time(now))
        .take(ALTERNATIVES_MAX)
        .map(|row| format!("「{}」", row.title))
        .collect();
    let phone = "也可以在手机消费通上领，或到服务台问问。";
    if others.is_empty() {
        format!("您来晚了一步，没有占用您的名额。\n{phone}")
    } else {
        format!("这里还能领{}。\n{phone}", others.join(""))
    }
}

fn help(state: &State) -> String {
    let mall = state.device.catalogue.mall.as_ref();
    let desk = mall.map(|mall| mall.service_desk.as_str()).filter(|desk| !desk.is_empty());
    let hotline = mall.map(|mall| mall.hotline.as_str()).filter(|hotline| !hotline.is_empty());
    match (desk, hotline) {
        (Some(desk), Some(hotline)) => format!("需要帮助？请到{desk}，或拨打 {hotline}"),
        (Some(desk), None) => format!("需要帮助？请到{desk}"),
        (None, Some(hotline)) => format!("需要帮助？请拨打 {hotline}"),
        (None, None) => "需要帮助？请到商场服务台".to_owned(),
    }
}

fn label(way: Way) -> &'static str {
    match way {
        Way::Scan => "重新扫码",
        Way::Browse => "先逛逛",
        Way::Offers => "看看其他券",
        Way::End => "结束",
    }
}
