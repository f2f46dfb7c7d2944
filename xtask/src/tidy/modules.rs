//! The platform's modules: which may name which, and what of it.
//!
//! A module names the faces of modules on its own level or below, never their inner files; no two modules
//! need each other; the foundation names none of them. What must flow upwards travels as an event.

use super::sources::Source;
use super::syntax::{Facts, NamedPath};
use super::{Finding, Rule};
use std::collections::{BTreeMap, BTreeSet};

const SOURCE_FOLDER: &str = "platform-api/src/";
/// From the ground up; a module that is not here has no place yet.
const LEVELS: &[&[&str]] = &[
    &["auth", "devices", "ledger", "media", "params"],
    &["consumers", "merchants"],
    &["catalog", "funds", "campaigns"],
    &["coupons", "leases", "orders"],
    &["payments", "settlement", "invoices", "risk"],
    &["reviews", "ads", "notices", "articles", "messages", "growth", "support"],
    &["feed", "fleet", "push", "search", "analytics", "partners"],
];
/// Files behind a face: nobody outside the module names them.
const INNER: &[&str] = &["store", "http", "rules", "jobs", "service"];
/// Of these the compiler is to keep neighbours out, so the face must not open them.
const PRIVATE: &[&str] = &["store", "http", "rules"];

/// Who of the platform is speaking.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Speaker {
    Foundation,
    Module(String),
    /// Pages, router, binary: above every module.
    Above,
}

/// Checks all files of the platform together.
pub fn check(parsed: &[(&Source, Facts)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut arrows: BTreeMap<(String, String), (String, usize)> = BTreeMap::new();
    for (source, facts) in parsed {
        let Some(inside) = source.path.strip_prefix(SOURCE_FOLDER) else {
            continue;
        };
        let place = module_path(inside);
        let speaker = speaker(&place);
        if let Speaker::Module(name) = &speaker {
            findings.extend(face(source, facts, name));
        }
        for path in &facts.paths {
            let Some((noun, inner)) = names_module(&place, path) else {
                continue;
            };
            if speaker == Speaker::Module(noun.clone()) {
                continue;
            }
            findings.extend(
                fault(&speaker, &noun, inner)
                    .map(|what| Finding::fault(Rule::Module, &source.path, path.line, what)),
            );
            if let Speaker::Module(own) = &speaker {
                arrows.entry((own.clone(), noun)).or_insert_with(|| (source.path.clone(), path.line));
            }
        }
    }
    findings.extend(circles(&arrows));
    findings.dedup();
    findings
}

/// `modules/coupons/store.rs` → `modules`, `coupons`, `store`.
fn module_path(inside: &str) -> Vec<String> {
    let words: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if words == ["lib"] || words == ["main"] { Vec::new() } else { words }
}

fn speaker(place: &[String]) -> Speaker {
    match (place.first().map(String::as_str), place.get(1)) {
        (Some("foundation"), _) => Speaker::Foundation,
        (Some("modules"), Some(noun)) => Speaker::Module(noun.clone()),
        _ => Speaker::Above,
    }
}

/// The module a path names and the first word behind it, once `crate`, `self` and `super` are resolved.
fn names_module(place: &[String], path: &NamedPath) -> Option<(String, Option<String>)> {
    let mut at: Vec<&str> = Vec::new();
    let mut words = path.words.iter().map(String::as_str).peekable();
    match words.peek().copied()? {
        "crate" | "platform_api" => {
            words.next();
        }
        "self" | "super" => at.extend(place.iter().map(String::as_str)),
        "modules" => {}
        _ => return None,
    }
    for word in words {
        match word {
            "self" => {}
            "super" => {
                at.pop();
            }
            name => at.push(name),
        }
    }
    match at.as_slice() {
        ["modules", noun, rest @ ..] if *noun != "*" => {
            Some(((*noun).to_owned(), rest.first().map(|word| (*word).to_owned())))
        }
        _ => None,
    }
}

/// What is wrong with `speaker` naming this, if anything.
fn fault(speaker: &Speaker, noun: &str, inner: Option<String>) -> Option<String> {
    if let Some(inner) = inner.filter(|inner| INNER.contains(&inner.as_str())) {
        return Some(format!(
            "`{inner}` of `{noun}` is behind its face; call a function of modules/{noun}.rs"
        ));
    }
    match speaker {
        Speaker::Above => None,
        Speaker::Foundation => {
            Some(format!("the foundation names the module `{noun}`; hand in what it needs"))
        }
        Speaker::Module(own) => {
            let (own_level, level) = (level(own)?, level(noun)?);
            (level > own_level).then(|| {
                format!(
                    "`{own}` (level {own_level}) names `{noun}` (level {level}); write an event to the outbox"
                )
            })
        }
    }
}

fn level(noun: &str) -> Option<usize> {
    LEVELS.iter().position(|nouns| nouns.contains(&noun)).map(|index| index + 1)
}

/// A face is in the table of levels and keeps its inner files private.
fn face(source: &Source, facts: &Facts, noun: &str) -> Vec<Finding> {
    if source.path != format!("{SOURCE_FOLDER}modules/{noun}.rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if level(noun).is_none() {
        let what =
            format!("the module `{noun}` has no level; add it to the table in xtask/src/tidy/modules.rs");
        findings.push(Finding::fault(Rule::Module, &source.path, 1, what));
    }
    for (line, name) in facts.open_modules.iter().filter(|(_, name)| PRIVATE.contains(&name.as_str())) {
        let what =
            format!("`{name}` is open to neighbours; write `mod {name};` and re-export what they need");
        findings.push(Finding::fault(Rule::Module, &source.path, *line, what));
    }
    findings
}

/// Modules that need each other, directly or through others; each circle is told once.
fn circles(arrows: &BTreeMap<(String, String), (String, usize)>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for ((from, to), (path, line)) in arrows {
        let is_first = !arrows
            .keys()
            .any(|(other, _)| other < from && reaches(arrows, from, other) && reaches(arrows, other, from));
        if is_first && reaches(arrows, to, from) {
            let what =
                format!("`{from}` and `{to}` need each other; let one of them write an event to the outbox");
            findings.push(Finding::fault(Rule::Module, path, *line, what));
        }
    }
    findings
}

fn reaches(arrows: &BTreeMap<(String, String), (String, usize)>, from: &str, to: &str) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        let next = arrows.keys().filter(|(start, _)| start == at).map(|(_, end)| end.as_str());
        open.extend(next.filter(|end| seen.insert(end)));
    }
    seen.contains(to)
}

#[cfg(test)]
mod tests {
    use super::super::{sources, syntax};
    use super::*;

    fn faults(files: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = files
            .iter()
            .map(|(path, text)| sources::fixture(&format!("{SOURCE_FOLDER}{path}"), text))
            .collect();
        let parsed: Vec<(&Source, Facts)> =
            sources.iter().map(|source| (source, syntax::fixture(&source.path, &source.text))).collect();
        check(&parsed).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_module_names_faces_below_it() {
        let service =
            "use crate::modules::ledger;\nfn a() { crate::modules::funds::reserve(); ledger::post(); }";
        assert!(faults(&[("modules/coupons/service.rs", service)]).is_empty());
    }

    #[test]
    fn a_module_names_nothing_above_it() {
        let found = faults(&[("modules/ledger/service.rs", "use crate::modules::coupons::claim;")]);
        assert!(found[0].contains("`ledger` (level 1) names `coupons` (level 4)"), "{found:?}");
    }

    #[test]
    fn the_inside_of_another_module_is_closed_however_the_path_is_written() {
        for path in [
            "use crate::modules::ledger::store::insert;",
            "use super::super::ledger::store;",
            "fn a() { super::super::ledger::rules::b(); }",
            "use crate::modules::{ledger::{http}, funds};",
        ] {
            let found = faults(&[("modules/coupons/service.rs", path)]);
            assert!(found.len() == 1 && found[0].contains("behind its face"), "{path}: {found:?}");
        }
        assert!(faults(&[("modules/coupons/service.rs", "use super::{rules, store};")]).is_empty());
    }

    #[test]
    fn pages_call_faces_and_the_foundation_calls_no_module() {
        assert!(faults(&[("consoles/merchant/redeem.rs", "use crate::modules::coupons;")]).is_empty());
        let inside = "use crate::modules::coupons::store;";
        assert!(faults(&[("consoles/merchant/redeem.rs", inside)])[0].contains("behind its face"));
        assert!(faults(&[("foundation/jobs.rs", "use crate::modules::coupons;")])[0].contains("foundation"));
    }

    #[test]
    fn two_modules_that_need_each_other_are_told_once() {
        let found = faults(&[
            ("modules/coupons.rs", "use crate::modules::leases;"),
            ("modules/leases.rs", "use crate::modules::coupons;"),
        ]);
        assert!(found.len() == 1 && found[0].contains("need each other"), "{found:?}");
    }

    #[test]
    fn a_face_keeps_its_store_private_and_has_a_level() {
        assert!(
            faults(&[("modules/coupons.rs", "pub mod store;\nmod rules;\npub mod model;")])[0]
                .contains("`store`")
        );
        assert!(faults(&[("modules/extras.rs", "mod store;")])[0].contains("no level"));
    }
}
