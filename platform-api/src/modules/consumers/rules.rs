//! Decisions about consumers, without a database: who gets which tag, who may be profiled, how a name is masked.

pub(super) mod ring;
pub(super) mod rule_set;
pub(super) mod targeting;

use super::model::{Evidence, Level, NAME_CHARS_MAX, Profile};
use domain::time::UtcMillis;
use rule_set::{Condition, RuleSet};

/// What is known about a person at one instant.
#[derive(Clone, Debug)]
pub(super) struct Facts<'a> {
    pub(super) profile: &'a Profile,
    pub(super) evidence: &'a [Evidence],
    pub(super) now: UtcMillis,
}

/// A tag that follows, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) name: String,
    pub(super) level: Level,
    pub(super) valid_until: UtcMillis,
    pub(super) source: String,
    pub(super) preference: u32,
}

/// What a condition rests on: until when it holds by itself, and the evidence it needed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Ground {
    until: UtcMillis,
    evidence: Option<String>,
}

const DAY_MS: i64 = 86_400_000;
/// Before a person can be 14 for sure, nothing is profiled (PIPL Art. 28 and 31).
const PROFILED_AGE_MIN: i32 = 14;

/// The tags that follow from `facts`, in the order of the rule set. Nobody under 14 gets any.
pub(super) fn evaluate(rules: &RuleSet, facts: &Facts<'_>) -> Vec<Granted> {
    if !may_be_profiled(facts.profile.birth_year, facts.now) {
        return Vec::new();
    }
    let granted = rules.tags.iter().filter_map(|tag| {
        tag.grants.iter().find_map(|grant| {
            let ground = ground(&grant.when, facts)?;
            let by_rule = facts.now.plus_ms(i64::from(grant.valid_days) * DAY_MS);
            Some(Granted {
                name: tag.name.clone(),
                level: grant.level,
                valid_until: by_rule.min(ground.until),
                source: ground.evidence.unwrap_or_else(|| "profile".to_owned()),
                preference: tag.preference,
            })
        })
    });
    granted.collect()
}

/// True once a person born in `birth_year` has turned 14, whatever the birthday.
pub(super) fn may_be_profiled(birth_year: u16, now: UtcMillis) -> bool {
    age_years(birth_year, now).is_some_and(|age| age > PROFILED_AGE_MIN)
}

/// Years between the year of birth and the present Shanghai year.
fn age_years(birth_year: u16, now: UtcMillis) -> Option<i32> {
    now.shanghai().map(|clock| clock.year - i32::from(birth_year))
}

fn ground(condition: &Condition, facts: &Facts<'_>) -> Option<Ground> {
    match condition {
        Condition::All(parts) => parts.iter().try_fold(always(), |whole, part| {
            let part = ground(part, facts)?;
            Some(Ground { until: whole.until.min(part.until), evidence: whole.evidence.or(part.evidence) })
        }),
        Condition::Any(parts) => {
            parts.iter().filter_map(|part| ground(part, facts)).max_by_key(|ground| ground.until)
        }
        Condition::Not(part) => ground(part, facts).is_none().then(always),
        Condition::Text { field, one_of } => {
            let text = facts.profile.text(field)?;
            one_of.contains(&text).then(always)
        }
        Condition::Number { field, from, to } => {
            let number = number(field, facts)?;
            (*from..=*to).contains(&number).then(always)
        }
        Condition::Evidence { kind, level } => {
            let live =
                |each: &&Evidence| each.kind == *kind && each.level >= *level && is_live(each, facts.now);
            let evidence = facts.evidence.iter().find(live)?;
            let until = evidence.valid_until.unwrap_or(UtcMillis::new(i64::MAX));
            Some(Ground { until, evidence: Some(kind.clone()) })
        }
    }
}

fn always() -> Ground {
    Ground { until: UtcMillis::new(i64::MAX), evidence: None }
}

fn number(field: &str, facts: &Facts<'_>) -> Option<i32> {
    match field {
        "age" => age_years(facts.profile.birth_year, facts.now),
        _ => None,
    }
}

fn is_live(evidence: &Evidence, now: UtcMillis) -> bool {
    evidence.valid_from <= now && evidence.valid_until.is_none_or(|until| now < until)
}

/// The name as others see it: its first character and one or two stars.
pub(super) fn mask_name(name: &str) -> String {
    let hidden = name.chars().count().saturating_sub(1).clamp(1, 2);
    name.chars().take(1).chain(std::iter::repeat_n('*', hidden)).collect()
}

/// The phone as its owner recognises it: 138****0001.
pub(super) fn mask_phone(phone: &str) -> String {
    match (phone.get(..3), phone.get(7..)) {
        (Some(head), Some(tail)) => format!("{head}****{tail}"),
        (_, _) => "****".to_owned(),
    }
}

/// A name people can be greeted with: trimmed, 1 to 20 characters, no control characters.
pub(super) fn clean_name(name: &str) -> Option<String> {
    let name = name.trim();
    let plain =
        !name.is_empty() && name.chars().count() <= NAME_CHARS_MAX && !name.chars().any(char::is_control);
    plain.then(|| name.to_owned())
}

/// A mobile number of the mainland: 11 digits from 13 to 19.
pub(super) fn is_phone(phone: &str) -> bool {
    let digits = phone.as_bytes();
    digits.len() == 11
        && digits.iter().all(u8::is_ascii_digit)
        && digits[0] == b'1'
        && (b'3'..=b'9').contains(&digits[1])
}

#[cfg(test)]
mod tests {
    use super::{
        super::model::{Household, Occupation, Study, Talent, Visit},
        *,
    };
    use domain::ids::CityCode;

    const NOW: UtcMillis = UtcMillis::from_seconds(1_795_000_000); // 2026-11-18
    const DAY: i64 = DAY_MS;

    fn rules() -> RuleSet {
        RuleSet::parse(include_str!("../../../published/rule_set_1.toml")).unwrap()
    }

    fn profile() -> Profile {
        Profile {
            birth_year: 2001,
            household: Household::Single,
            study: Study::NotStudying,
            occupation: Occupation::Employee,
            home_city: CityCode::new(330_200),
            visit: Visit::AtHome,
            talent: Talent::NoTitle,
        }
    }

    fn evidence(kind: &str, level: Level, until_days: Option<i64>) -> Evidence {
        Evidence {
            kind: kind.to_owned(),
            level,
            valid_from: NOW.plus_ms(-DAY),
            valid_until: until_days.map(|days| NOW.plus_ms(days * DAY)),
            reference: "test".to_owned(),
        }
    }

    fn names(profile: &Profile, evidence: &[Evidence]) -> Vec<String> {
        let granted = evaluate(&rules(), &Facts { profile, evidence, now: NOW });
        granted.into_iter().map(|granted| granted.name).collect()
    }

    #[test]
    fn each_crowd_is_recognised_by_what_its_people_fill_in() {
        let phone = [evidence("phone", Level::L1, None)];
        assert_eq!(names(&profile(), &phone), ["resident", "young_single"]);
        let family = Profile { household: Household::WithChildren, birth_year: 1988, ..profile() };
        assert_eq!(names(&family, &phone), ["resident", "family"]);
        let traveller = Profile {
            home_city: CityCode::new(310_100),
            visit: Visit::Business,
            household: Household::Unsaid,
            ..profile()
        };
        assert_eq!(names(&traveller, &phone), ["business_traveller", "visitor"]);
        let student =
            Profile { study: Study::College, occupation: Occupation::Student, birth_year: 2006, ..profile() };
        assert_eq!(names(&student, &phone), ["student_college", "resident", "young_single"]);
    }

    #[test]
    fn a_talent_title_counts_only_with_a_checked_certificate_and_no_longer_than_it() {
        let claimed = Profile { talent: Talent::Senior, ..profile() };
        assert!(!names(&claimed, &[]).contains(&"talent".to_owned()));
        let checked = [evidence("talent_certificate", Level::L2, Some(30))];
        let granted = evaluate(&rules(), &Facts { profile: &claimed, evidence: &checked, now: NOW });
        let talent = granted.iter().find(|granted| granted.name == "talent").unwrap();
        assert_eq!((talent.level, talent.valid_until), (Level::L2, NOW.plus_ms(30 * DAY)));
        assert_eq!(talent.source, "talent_certificate");
        let over = [evidence("talent_certificate", Level::L2, Some(0))];
        assert!(!names(&claimed, &over).contains(&"talent".to_owned()));
    }

    #[test]
    fn the_strongest_grant_decides_the_level() {
        let student = Profile { study: Study::College, birth_year: 2006, ..profile() };
        let level = |evidence: &[Evidence]| {
            let granted = evaluate(&rules(), &Facts { profile: &student, evidence, now: NOW });
            granted.into_iter().find(|granted| granted.name == "student_college").unwrap().level
        };
        assert_eq!(level(&[]), Level::L0);
        assert_eq!(level(&[evidence("student_register", Level::L3, None)]), Level::L3);
    }

    #[test]
    fn evidence_below_the_level_a_rule_asks_for_does_not_count() {
        let weak = [evidence("civil_affairs", Level::L2, None)];
        assert!(!names(&profile(), &weak).contains(&"living_assistance".to_owned()));
        let strong = [evidence("civil_affairs", Level::L3, None)];
        assert!(names(&profile(), &strong).contains(&"living_assistance".to_owned()));
    }

    #[test]
    fn nobody_who_may_still_be_13_gets_a_tag() {
        for birth_year in [2012, 2013, 2020, 2026] {
            let pupil = Profile { birth_year, study: Study::Secondary, ..profile() };
            assert_eq!(
                names(&pupil, &[evidence("residence_register", Level::L3, None)]),
                Vec::<String>::new()
            );
        }
        assert!(may_be_profiled(2011, NOW));
    }

    #[test]
    fn names_and_phones_are_masked() {
        assert_eq!(mask_name("林小夏"), "林**");
        assert_eq!(mask_name("阿宁"), "阿*");
        assert_eq!(mask_name("夏"), "夏*");
        assert_eq!(mask_phone("13800000001"), "138****0001");
    }

    #[test]
    fn only_mobile_numbers_and_plain_names_are_taken() {
        assert!(
            is_phone("13800000001")
                && !is_phone("12800000001")
                && !is_phone("1380000000")
                && !is_phone("１３８")
        );
        assert_eq!(clean_name("  林小夏 ").as_deref(), Some("林小夏"));
        assert_eq!(clean_name(" \u{7} "), None);
        assert_eq!(clean_name(&"长".repeat(21)), None);
    }
}
