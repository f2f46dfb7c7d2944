//! Every control a shopper can touch calls its door, and every press is told to the session.

use std::cell::RefCell;
use std::rc::Rc;

use slint::ComponentHandle;
use ui::{
    Attract, Claimed, Language, Maintenance, OfferDetail, Offers, Refused, Scan, Screen, Session, StillThere,
};

use super::scenes;
use super::stage::Stage;

/// What the doors were told, in order.
#[derive(Clone, Default)]
struct Diary(Rc<RefCell<Vec<String>>>);

impl Diary {
    fn line(&self, text: &'static str) -> impl Fn() + 'static {
        let diary = self.clone();
        move || diary.0.borrow_mut().push(text.into())
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

/// Listens at every door of the window.
fn listen(stage: &Stage) -> Diary {
    let diary = Diary::default();
    let window = &stage.window;
    window.global::<Attract>().on_start(diary.line("start"));
    window.global::<Scan>().on_back(diary.line("scan back"));
    window.global::<Scan>().on_browse(diary.line("browse"));
    let offers = window.global::<Offers>();
    let opened = diary.clone();
    offers.on_open(move |id| opened.0.borrow_mut().push(format!("open {id}")));
    offers.on_previous(diary.line("previous"));
    offers.on_next(diary.line("next"));
    offers.on_end(diary.line("offers end"));
    offers.on_empty_action(diary.line("empty action"));
    let detail = window.global::<OfferDetail>();
    detail.on_claim(diary.line("claim"));
    detail.on_back(diary.line("detail back"));
    detail.on_end(diary.line("detail end"));
    window.global::<Claimed>().on_done(diary.line("done"));
    window.global::<Claimed>().on_more(diary.line("more"));
    window.global::<Refused>().on_primary(diary.line("primary"));
    window.global::<Refused>().on_secondary(diary.line("secondary"));
    window.global::<StillThere>().on_stay(diary.line("stay"));
    window.global::<StillThere>().on_end(diary.line("still end"));
    window.global::<Maintenance>().on_retry(diary.line("retry"));
    diary
}

#[test]
fn every_control_calls_its_door() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    stage.window.global::<Offers>().set_pages(3);
    stage.window.global::<Offers>().set_page(2);
    let diary = listen(&stage);
    let taps = [
        (Screen::Attract, "触摸开始", "start"),
        (Screen::Scan, "返回", "scan back"),
        (Screen::Scan, "先逛逛", "browse"),
        (Screen::Offers, "川味小馆双人晚餐", "open 2"),
        (Screen::Offers, "银发健康体检券", "open 4"),
        (Screen::Offers, "上一页", "previous"),
        (Screen::Offers, "下一页", "next"),
        (Screen::Offers, "结束", "offers end"),
        (Screen::OfferDetail, "领取", "claim"),
        (Screen::OfferDetail, "返回", "detail back"),
        (Screen::OfferDetail, "结束", "detail end"),
        (Screen::Claimed, "完成（15）", "done"),
        (Screen::Claimed, "继续看券", "more"),
        (Screen::Refused, "重新扫码", "primary"),
        (Screen::Refused, "先逛逛", "secondary"),
        (Screen::StillThere, "继续", "stay"),
        (Screen::StillThere, "结束", "still end"),
        (Screen::Maintenance, "重试", "retry"),
    ];
    for (screen, label, told) in taps {
        stage.open(screen);
        stage.tap(label);
        assert_eq!(diary.take(), [told], "{label} on {screen:?}");
    }
}

#[test]
fn every_press_is_told_to_the_session_once() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    let diary = Diary::default();
    stage.window.global::<Session>().on_touched(diary.line("touched"));
    for (screen, label) in [(Screen::Offers, "结束"), (Screen::Scan, "返回"), (Screen::Attract, "触摸开始")]
    {
        stage.open(screen);
        stage.tap(label);
        assert_eq!(diary.take(), ["touched"], "{label}");
    }
    for screen in [Screen::Attract, Screen::Scan, Screen::Claimed] {
        stage.open(screen);
        stage.press(540.0, 300.0);
        assert_eq!(diary.take(), ["touched"], "beside the controls of {screen:?}");
    }
}

#[test]
fn the_whole_attract_screen_starts() {
    let stage = Stage::new();
    let diary = listen(&stage);
    stage.open(Screen::Attract);
    stage.press(540.0, 700.0);
    assert_eq!(diary.take(), ["start"]);
}

#[test]
fn what_cannot_be_done_yet_does_nothing() {
    let stage = Stage::new();
    scenes::fill_long(&stage.window);
    let diary = listen(&stage);
    stage.open(Screen::OfferDetail);
    stage.tap("20:00 起可领");
    stage.window.global::<Offers>().set_page(1);
    stage.open(Screen::Offers);
    stage.tap("上一页");
    assert_eq!(diary.take(), Vec::<String>::new());
}

#[test]
fn the_language_changes_at_once_and_back() {
    let stage = Stage::new();
    scenes::fill_evening(&stage.window);
    let diary = listen(&stage);
    stage.open(Screen::Attract);
    Language::English.select().unwrap();
    stage.tap("Touch to start");
    Language::Chinese.select().unwrap();
    stage.tap("触摸开始");
    assert_eq!(diary.take(), ["start", "start"]);
}
