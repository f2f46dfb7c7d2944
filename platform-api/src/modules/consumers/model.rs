//! What a consumer is to the platform: consents, profile, evidence, tags and the code on the phone.

use domain::{
    consumer_code::Pseudonym,
    ids::{CityCode, ConsumerId, TagId},
    rotating_code::Link,
    time::UtcMillis,
};
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// Tags in one code: with four it stays at QR version 8, which a phone shows large enough for any camera.
pub const CODE_TAGS_PREFERRED: usize = 4;
/// Days a pseudonym can be resolved: the longest offline voucher, then a month for complaints and settlement.
pub const PSEUDONYM_KEPT_DAYS: i64 = 40;
/// Characters of a name, as people write them.
pub const NAME_CHARS_MAX: usize = 20;

/// What personal data may be used for (`docs/ARCHITECTURE.md`, consent).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Purpose {
    /// The account and the wallet. Without it there is no account.
    #[serde(rename = "P1")]
    Account,
    /// 人群赋码: a profile and the tags that follow from it.
    #[serde(rename = "P2")]
    CrowdCode,
    /// Personalised offers: tags in the code.
    #[serde(rename = "P3")]
    Personalised,
}

impl Purpose {
    /// Every purpose a consumer is asked for here.
    pub const ALL: [Purpose; 3] = [Purpose::Account, Purpose::CrowdCode, Purpose::Personalised];

    /// The stable text stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Purpose::Account => "P1",
            Purpose::CrowdCode => "P2",
            Purpose::Personalised => "P3",
        }
    }

    /// Reads [`Purpose::as_str`] back.
    pub fn from_text(text: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }
}

/// Whom kiosks must treat otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Denied {
    /// Blocked by an operator.
    pub blocked: Vec<ConsumerId>,
    /// Took P2 or P3 back lately: older codes of theirs still carry tags.
    pub withdrawn: Vec<ConsumerId>,
}

/// A text people consent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentText {
    /// What for.
    pub purpose: Purpose,
    /// Grows with every change.
    pub version: u32,
    /// Its heading.
    pub title: String,
    /// One sentence.
    pub summary: String,
    /// The whole text; lines are paragraphs.
    pub body: String,
    /// The law wants it asked on its own.
    pub separate: bool,
    /// SHA-256 of title, summary and body, in hex.
    pub sha256: String,
}

/// One consent as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What for.
    pub purpose: Purpose,
    /// The version of the text that was shown.
    pub text_version: u32,
    /// Its hash.
    pub text_sha256: String,
    /// Where: `phone`, `desk` or `kiosk:<id>`.
    pub channel: String,
    /// When.
    pub at: UtcMillis,
    /// When it was taken back.
    pub withdrawn_at: Option<UtcMillis>,
}

/// How sure the platform is of something; each level includes those below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// The person's own words.
    L0,
    /// A verified phone.
    L1,
    /// A verified real name or a checked paper.
    L2,
    /// A match with an authority's register.
    L3,
}

impl Level {
    /// 0 to 3, as stored.
    pub const fn number(self) -> u8 {
        match self {
            Level::L0 => 0,
            Level::L1 => 1,
            Level::L2 => 2,
            Level::L3 => 3,
        }
    }

    /// Reads [`Level::number`] back.
    pub fn from_number(number: u8) -> Option<Level> {
        [Level::L0, Level::L1, Level::L2, Level::L3].into_iter().find(|level| level.number() == number)
    }
}

/// Something known about a person beyond their own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it shows, one of `EVIDENCE_KINDS`.
    pub kind: String,
    /// How sure it is.
    pub level: Level,
    /// First instant it counts.
    pub valid_from: UtcMillis,
    /// First instant it counts no more; `None` for as long as the account lives.
    pub valid_until: Option<UtcMillis>,
    /// Leads to the look-up or the paper, never holds its content.
    pub reference: String,
}

/// The kinds of evidence a rule may ask for.
pub const EVIDENCE_KINDS: [&str; 10] = [
    "phone",
    "real_name",
    "student_register",
    "talent_register",
    "talent_certificate",
    "expert_register",
    "title_certificate",
    "residence_register",
    "civil_affairs",
    "hotel_stay",
];

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal, $label:literal;)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every choice, in the order a form shows them.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The stable text stored, sent and used by rules.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// What a form calls it.
            pub const fn label(self) -> &'static str {
                match self { $($name::$variant => $label,)+ }
            }

            /// Reads [`Self::as_str`] back.
            pub fn from_text(text: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|choice| choice.as_str() == text)
            }
        }
    )+};
}

choices! {
    /// With whom a person lives.
    Household {
        /// Not said.
        Unsaid = "unsaid", "不便说明";
        /// Alone.
        Single = "single", "单身独居";
        /// With a partner, without children at home.
        Couple = "couple", "两人生活";
        /// With children at home.
        WithChildren = "with_children", "有孩子同住";
        /// With parents or grandparents.
        WithElders = "with_elders", "与长辈同住";
    }
    /// Where a person learns at present.
    Study {
        /// Nowhere.
        NotStudying = "none", "目前不在读";
        /// Junior or senior secondary school, vocational secondary school.
        Secondary = "secondary", "中学或中职在读";
        /// College or bachelor's studies.
        College = "college", "大专或本科在读";
        /// Master's or doctoral studies.
        Graduate = "graduate", "研究生在读";
    }
    /// What a person does for a living.
    Occupation {
        /// Not said.
        Unsaid = "unsaid", "不便说明";
        /// Employed by a company.
        Employee = "employee", "企业职工";
        /// Works for herself or himself.
        SelfEmployed = "self_employed", "个体或自由职业";
        /// Serves the public.
        PublicService = "public_service", "机关事业单位";
        /// Teaches.
        Teacher = "teacher", "教师";
        /// Does research.
        Researcher = "researcher", "科研人员";
        /// Practises medicine.
        Doctor = "doctor", "医务人员";
        /// Learns.
        Student = "student", "学生";
        /// Retired.
        Retired = "retired", "退休";
    }
    /// Which talent title a person says to hold; it counts once a certificate was checked.
    Talent {
        /// None.
        NoTitle = "none", "没有或不便说明";
        /// 基础人才.
        Basic = "basic", "基础人才";
        /// 高级人才.
        Senior = "senior", "高级人才";
        /// 领军人才 and above.
        Leading = "leading", "领军人才及以上";
    }
    /// Why a person is in the city.
    Visit {
        /// Lives or works here.
        AtHome = "none", "我在本市生活或工作";
        /// On business.
        Business = "business", "出差、参会或商务活动";
        /// On holiday.
        Leisure = "leisure", "旅游";
        /// Sees family or friends.
        Family = "family", "探亲访友";
    }
}

/// What a person says about themselves, as far as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Year of birth.
    #[schema(minimum = 1900, maximum = 2100, example = 1999)]
    pub birth_year: u16,
    /// With whom the person lives.
    pub household: Household,
    /// Where the person learns.
    pub study: Study,
    /// What the person does for a living.
    pub occupation: Occupation,
    /// Division code (GB/T 2260) of the city the person lives in.
    #[schema(value_type = u32, example = 330_200)]
    pub home_city: CityCode,
    /// Why the person is here.
    pub visit: Visit,
    /// Talent title, in the person's own words.
    pub talent: Talent,
}

/// The fields of a profile a rule may ask for as text.
pub const TEXT_FIELDS: [&str; 6] = ["household", "study", "occupation", "home_city", "visit", "talent"];
/// The fields a rule may ask for as a number. `age` is in years, by the year of birth.
pub const NUMBER_FIELDS: [&str; 1] = ["age"];

impl Profile {
    /// The text of a field; `None` for a name that is not in `TEXT_FIELDS`.
    pub fn text(&self, field: &str) -> Option<String> {
        match field {
            "household" => Some(self.household.as_str().to_owned()),
            "study" => Some(self.study.as_str().to_owned()),
            "occupation" => Some(self.occupation.as_str().to_owned()),
            "home_city" => Some(self.home_city.get().to_string()),
            "visit" => Some(self.visit.as_str().to_owned()),
            "talent" => Some(self.talent.as_str().to_owned()),
            _ => None,
        }
    }
}

/// A tag a person has, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagAssertion {
    /// The tag's opaque number.
    pub tag: TagId,
    /// How sure it is.
    pub level: Level,
    /// First instant it holds.
    pub valid_from: UtcMillis,
    /// First instant it holds no more.
    pub valid_until: UtcMillis,
    /// `profile`, or the kind of evidence it rests on.
    pub source: String,
    /// The rule set it follows from.
    pub rule_version: u32,
    /// The smaller, the sooner it goes into a code.
    pub preference: u32,
}

/// A person as the account page shows them.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Who.
    pub id: ConsumerId,
    /// The name the person chose, for the person's own eyes.
    pub name: String,
    /// The name as others see it.
    pub name_masked: String,
    /// The phone as 138****0001.
    pub phone_masked: String,
    /// The profile, if one was filled in.
    pub profile: Option<Profile>,
    /// Since when there is an account.
    pub created_at: UtcMillis,
}

impl fmt::Debug for Account {
    /// Names the account only: logs never hold a person's name.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Account({})", self.id)
    }
}

/// The outcome of an evaluation; never the names of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The rule set that was used.
    pub rule_version: u32,
    /// How many tags the person has now.
    pub tags: usize,
    /// When it was done.
    pub evaluated_at: UtcMillis,
}

/// A pass as the phone of its owner keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct PassShown {
    /// The signed pass, to be shown whole with each code.
    pub sealed: Vec<u8>,
    /// Where the chain begins: whoever has it can show the codes of the whole day.
    pub secret: Link,
    /// Keys the chain.
    pub pseudonym: Pseudonym,
    /// When step 0 begins.
    pub starts_at: UtcMillis,
    /// First instant after the last step.
    pub ends_at: UtcMillis,
}

impl fmt::Debug for PassShown {
    /// Leaves the secret out: logs never hold one.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PassShown(until {})", self.ends_at.get())
    }
}

/// A code as a phone shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeShown {
    /// What the QR code says.
    pub text: String,
    /// When the phone asks for the next one.
    pub renew_at: UtcMillis,
    /// When it must not be shown any more.
    pub expires_at: UtcMillis,
}

impl fmt::Debug for CodeShown {
    /// Leaves the text out: logs never hold a code.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CodeShown(until {})", self.expires_at.get())
    }
}
