//! Offers: one page of cards. The greeting names nobody and no class of person.

use super::card::{self, CardView};
use super::words;
use crate::app::flow::offers as flow;
use crate::app::state::{Session, State};
use crate::ports::Now;

/// What offers shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffersView {
    /// 晚上好，为您选好了
    pub greeting: String,
    /// How many there are.
    pub subline: String,
    /// The page's cards.
    pub cards: Vec<CardView>,
    /// The page, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
    /// What still works without the network; empty while online.
    pub offline_text: String,
    /// The end of the stay; empty until it is near.
    pub countdown_text: String,
    /// In place of cards.
    pub empty_title: String,
    /// In place of cards.
    pub empty_text: String,
    /// Empty when there is no way on.
    pub empty_action: String,
}

pub(super) fn view(state: &State, now: Now) -> Option<OffersView> {
    let session = state.session.as_ref()?;
    let at = state.time(now);
    let known = session.shopper.is_some() && state.device.time_trusted;
    let (empty_title, empty_text, empty_action) = empty(session.shopper.is_some());
    let per_page = state.device.setup.cards_per_page;
    let cards = session.offers.iter().skip(session.page * per_page).take(per_page);
    Some(OffersView {
        greeting: format!("{}，{}", words::greeting(at), if known { "为您选好了" } else { "随便看看" }),
        subline: subline(state, session, known),
        cards: cards
            .filter_map(|batch| state.device.catalogue.batches.get(batch))
            .map(|batch| card::view(state, batch, at))
            .collect(),
        page: session.page + 1,
        pages: flow::pages(state),
        offline_text: offline_text(state).to_owned(),
        countdown_text: countdown_text(state, now),
        empty_title: empty_title.to_owned(),
        empty_text: empty_text.to_owned(),
        empty_action: empty_action.to_owned(),
    })
}

fn subline(state: &State, session: &Session, known: bool) -> String {
    let count = session.offers.len();
    if known {
        format!("有 {count} 张适合您的券")
    } else if session.shopper.is_some() {
        "本机正在校准时间，先看看人人可领的优惠".to_owned()
    } else if state.device.online {
        format!("{count} 张人人可领的券，亮码还有更多")
    } else {
        format!("{count} 张人人可领的券")
    }
}

fn empty(has_code: bool) -> (&'static str, &'static str, &'static str) {
    if has_code {
        ("今天没有适合您的券", "晚些时候再来看看\n或到服务台问问", "")
    } else {
        ("暂时没有公共优惠", "亮出消费码\n看看有没有为您准备的券", "亮码看券")
    }
}

fn offline_text(state: &State) -> &'static str {
    if state.device.online { "" } else { "暂时离线，本机存券照常可领" }
}

fn countdown_text(state: &State, now: Now) -> String {
    let left_s = flow::countdown(state).map_or(u32::MAX, |countdown| countdown.left_s(now.monotonic));
    if left_s <= flow::COUNTED_S { format!("{left_s} 秒后询问") } else { String::new() }
}
