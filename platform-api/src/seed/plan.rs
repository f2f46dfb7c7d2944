//! The files of `seed/` as they are written.

use crate::{
    foundation::act::Role,
    modules::consumers::{Level, Profile, Purpose},
};
use domain::{
    batch::{BatchTerms, PersonLimit, Validity},
    money::{BasisPoints, Fen},
    pricing::{Benefit, Funder, Party},
    segment::Predicate,
    time::{MinuteOfDay, UtcMillis},
    window::Window,
};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What the crowd `student` stands for.
const STUDENT_STAGES: [&str; 3] = ["student_secondary", "student_college", "student_graduate"];

/// Everything there is to plant.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) mall: MallPlan,
    pub(super) people: PeoplePlan,
    pub(super) money: MoneyPlan,
}

/// Who plays in the demo city.
#[derive(Clone, Debug)]
pub struct Cast {
    /// The mall's name.
    pub mall_name: String,
    /// The password of all staff.
    pub staff_password: String,
    /// Login, role and merchant of each member of staff.
    pub staff: Vec<(String, Role, Option<String>)>,
    /// Key, name and phone of each consumer.
    pub consumers: Vec<(String, String, String)>,
}

/// A file of the demo city is wrong.
#[derive(Debug, thiserror::Error)]
#[error("the plan of the demo city is wrong")]
pub struct PlanError(#[from] toml::de::Error);

impl Plan {
    /// The demo city that ships with the platform.
    pub fn demo() -> Result<Plan, PlanError> {
        Ok(Plan {
            mall: toml::from_str(include_str!("../../seed/mall.toml"))?,
            people: toml::from_str(include_str!("../../seed/people.toml"))?,
            money: toml::from_str(include_str!("../../seed/campaigns.toml"))?,
        })
    }

    /// Those who can sign in, at a console or on a phone.
    pub fn cast(&self) -> Cast {
        let name =
            |key: &String| self.mall.merchant.iter().find(|one| one.key == *key).map(|one| one.name.clone());
        let staff =
            self.staff().into_iter().map(|one| (one.login, one.role, one.merchant.as_ref().and_then(name)));
        let people = self.people.consumer.iter().cloned().map(|one| (one.key, one.name, one.phone));
        Cast {
            mall_name: self.mall.name.clone(),
            staff_password: self.people.staff_password.clone(),
            staff: staff.collect(),
            consumers: people.collect(),
        }
    }

    /// The staff that is named, and a manager for each merchant.
    pub(super) fn staff(&self) -> Vec<StaffPlan> {
        let managers = self.mall.merchant.iter().map(|merchant| StaffPlan {
            login: merchant.key.clone(),
            name: "店长".to_owned(),
            role: Role::MerchantManager,
            merchant: Some(merchant.key.clone()),
        });
        self.people.staff.iter().cloned().chain(managers).collect()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MallPlan {
    pub(super) name: String,
    pub(super) hotline: String,
    pub(super) service_desk: String,
    pub(super) hours: BTreeMap<String, Vec<Hours>>,
    pub(super) merchant: Vec<MerchantPlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hours {
    from: MinuteOfDay,
    to: MinuteOfDay,
}

impl MallPlan {
    /// The opening hours with this name; none by that name means always open.
    pub(super) fn hours(&self, name: &str) -> Vec<Window> {
        let hours = self.hours.get(name).map(Vec::as_slice).unwrap_or_default();
        hours.iter().map(|hours| every_day(hours.from, hours.to)).collect()
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MerchantPlan {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) commission_bp: BasisPoints,
    pub(super) stores: Vec<StorePlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StorePlan {
    pub(super) floor: String,
    pub(super) place: String,
    pub(super) category: String,
    pub(super) hours: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PeoplePlan {
    pub(super) staff_password: String,
    pub(super) staff: Vec<StaffPlan>,
    pub(super) consumer: Vec<ConsumerPlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StaffPlan {
    pub(super) login: String,
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) merchant: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsumerPlan {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) consents: Vec<Purpose>,
    pub(super) profile: Option<Profile>,
    #[serde(default)]
    pub(super) evidence: Vec<EvidencePlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidencePlan {
    pub(super) kind: String,
    pub(super) level: Level,
    pub(super) valid_days: i64,
    pub(super) reference: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MoneyPlan {
    pub(super) fund: Vec<FundPlan>,
    pub(super) campaign: Vec<CampaignPlan>,
    pub(super) batch: Vec<BatchPlan>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FundPlan {
    pub(super) key: String,
    pub(super) department: String,
    pub(super) mode: String,
    pub(super) granted_fen: Fen,
    pub(super) document: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CampaignPlan {
    pub(super) key: String,
    pub(super) fund: String,
    pub(super) title: String,
    pub(super) purpose: String,
    pub(super) budget_fen: Fen,
    pub(super) days: i64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchPlan {
    pub(super) key: String,
    pub(super) campaign: String,
    pub(super) merchant: Option<String>,
    /// Merchants in whose shops it holds; empty means the shops of `merchant`, or the whole mall.
    #[serde(default)]
    pub(super) stores: Vec<String>,
    pub(super) title: String,
    pub(super) why: String,
    /// The brand that pays, when one does.
    pub(super) brand: Option<String>,
    /// The drawing shown with it.
    pub(super) picture: Option<String>,
    benefit: Benefit,
    #[serde(default)]
    min_pay_fen: Fen,
    funding: Vec<(Party, BasisPoints)>,
    /// Tags by name, any of which will do; `student` stands for every stage; empty means everybody.
    crowds: Vec<String>,
    claim_hours: Option<(MinuteOfDay, MinuteOfDay)>,
    use_hours: Option<(MinuteOfDay, MinuteOfDay)>,
    #[serde(default)]
    use_weekdays: Vec<u8>,
    validity_days: u16,
    per_person: (u32, u32),
    pub(super) total: u32,
    pub(super) lease_slots: u32,
    pub(super) terms: Vec<String>,
}

impl BatchPlan {
    /// The names of the tags the batch is meant for; empty for everybody.
    pub(super) fn tags(&self) -> Vec<&str> {
        let crowds = self.crowds.iter().map(String::as_str);
        crowds
            .flat_map(|crowd| if crowd == "student" { STUDENT_STAGES.to_vec() } else { vec![crowd] })
            .collect()
    }

    /// The terms, claimable within `[from, until)`.
    pub(super) fn terms(&self, targeting: Predicate, (from, until): (UtcMillis, UtcMillis)) -> BatchTerms {
        let daily = |hours: Option<(MinuteOfDay, MinuteOfDay)>| hours.map(|(from, to)| every_day(from, to));
        let weekdays = (!self.use_weekdays.is_empty()).then(|| Window {
            weekdays: self.use_weekdays.clone(),
            from: MinuteOfDay::START,
            to: MinuteOfDay::END,
        });
        let funders = self.funding.iter().map(|(party, bp)| Funder { party: *party, bp: *bp });
        BatchTerms {
            benefit: self.benefit,
            min_pay_fen: self.min_pay_fen,
            funding: funders.collect(),
            targeting,
            claim_from: from,
            claim_until: until,
            claim_windows: daily(self.claim_hours).into_iter().collect(),
            quota: domain::quota::Quota::default(),
            use_windows: daily(self.use_hours).into_iter().chain(weekdays).collect(),
            validity: Validity::Days(self.validity_days),
            per_person: PersonLimit { total: self.per_person.0, day: self.per_person.1 },
        }
    }
}

const fn every_day(from: MinuteOfDay, to: MinuteOfDay) -> Window {
    Window { weekdays: Vec::new(), from, to }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_offer_can_be_honoured_as_written() {
        let plan = Plan::demo().unwrap();
        for batch in &plan.money.batch {
            let terms = batch.terms(Predicate::Everyone, (UtcMillis::new(0), UtcMillis::new(1)));
            assert_eq!(terms.check(), Ok(()), "{}", batch.key);
            assert!(batch.title.chars().count() <= 16 && batch.terms.len() <= 5, "{}", batch.key);
        }
    }

    #[test]
    fn the_city_is_as_large_as_it_should_be() {
        let plan = Plan::demo().unwrap();
        let stores: usize = plan.mall.merchant.iter().map(|merchant| merchant.stores.len()).sum();
        assert!(stores >= 15 && plan.money.batch.len() >= 12);
        let crowds: BTreeSet<&str> =
            plan.money.batch.iter().flat_map(|batch| &batch.crowds).map(String::as_str).collect();
        assert!(crowds.len() >= 4, "{crowds:?}");
    }

    #[test]
    fn whoever_is_named_exists() {
        let plan = Plan::demo().unwrap();
        let merchants: BTreeSet<&str> =
            plan.mall.merchant.iter().map(|merchant| merchant.key.as_str()).collect();
        let named = plan.money.batch.iter().flat_map(|batch| batch.merchant.iter().chain(&batch.stores));
        let employers = plan.people.staff.iter().filter_map(|staff| staff.merchant.as_ref());
        for key in named.chain(employers) {
            assert!(merchants.contains(key.as_str()), "{key}");
        }
        for key in plan.money.batch.iter().filter_map(|batch| batch.picture.as_ref()) {
            assert!(crate::seed::drawings::ALL.iter().any(|one| one.key == key), "{key}");
        }
        let hours = plan.mall.merchant.iter().flat_map(|merchant| &merchant.stores).map(|store| &store.hours);
        for name in hours {
            assert!(plan.mall.hours.contains_key(name), "{name}");
        }
    }
}
