//! The kiosk's window is the only place that knows both Slint's types and ours.

use super::sources::Source;
use super::syntax::Facts;
use super::{Finding, Rule};

const KIOSK: &str = "kiosk/src/";
const FOREIGN: &[&str] = &["slint", "ui"];

/// Paths into Slint or the markup crate, in files of the kiosk that are not its window.
pub fn check(source: &Source, facts: &Facts) -> Vec<Finding> {
    let Some(inside) = source.path.strip_prefix(KIOSK) else {
        return Vec::new();
    };
    if inside == "window.rs" || inside.starts_with("window/") {
        return Vec::new();
    }
    let is_foreign = |words: &[String]| words.len() > 1 && FOREIGN.contains(&words[0].as_str());
    let paths = facts.paths.iter().filter(|path| is_foreign(&path.words));
    let what =
        "only kiosk/src/window names types of the markup; hand it plain data and take an event from it";
    paths.map(|path| Finding::fault(Rule::Door, &source.path, path.line, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{sources, syntax};
    use super::*;

    fn of(path: &str, text: &str) -> usize {
        check(&sources::fixture(path, text), &syntax::fixture(path, text)).len()
    }

    #[test]
    fn the_window_alone_names_slint_and_the_markup() {
        for text in
            ["use ui::Offers;", "use slint::{Model, VecModel};", "fn a() { slint::Timer::default(); }"]
        {
            assert_eq!(of("kiosk/src/window/offers.rs", text), 0, "{text}");
            assert!(of("kiosk/src/app/view/offers.rs", text) > 0, "{text}");
        }
    }

    #[test]
    fn a_variable_that_is_called_ui_is_no_door() {
        assert_eq!(of("kiosk/src/app.rs", "fn a(ui: u8) -> u8 { ui }"), 0);
    }
}
