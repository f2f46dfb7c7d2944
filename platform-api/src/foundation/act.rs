//! Who does something, when, and with which ids and chance.
//!
//! A service never reads a clock or draws a random number: everything of that kind arrives in its [`Act`]. An act that
//! is restarted gives the same ids and the same chance again, so a retried transaction repeats itself exactly.

use super::db::{Column, Value};
use domain::{
    ids::{ConsumerId, DeviceId, MerchantId, StaffId},
    time::UtcMillis,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::{cell::RefCell, fmt, str::FromStr};

/// One call of a service: its time, its actor, the request it belongs to, and a source of ids and chance.
#[derive(Debug)]
pub struct Act {
    /// When it happens.
    pub now: UtcMillis,
    /// Who does it.
    pub actor: Actor,
    /// The request (or job run) it belongs to, for audit and logs.
    pub request_id: String,
    seed: [u8; 32],
    stream: RefCell<ChaCha20Rng>,
}

impl Act {
    /// An act whose ids and chance all follow from `seed`.
    pub fn new(now: UtcMillis, actor: Actor, request_id: String, seed: [u8; 32]) -> Act {
        Act { now, actor, request_id, seed, stream: RefCell::new(ChaCha20Rng::from_seed(seed)) }
    }

    /// A new id: `act.mint(CouponId::new)`.
    pub fn mint<T>(&self, make: impl FnOnce(UtcMillis, &[u8; 10]) -> T) -> T {
        make(self.now, &self.chance())
    }

    /// Unguessable bytes, for tokens and codes.
    pub fn chance<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.borrow_mut().fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `bound`, all equally likely; 0 for a bound of 0.
    pub fn chance_below(&self, bound: u32) -> u32 {
        let bound = u64::from(bound);
        if bound == 0 {
            return 0;
        }
        // Draws past the last full round are thrown away, or small numbers would come up more often.
        let full_rounds = u64::MAX - u64::MAX % bound;
        loop {
            let draw = u64::from_be_bytes(self.chance());
            if draw < full_rounds {
                return u32::try_from(draw % bound).unwrap_or(0);
            }
        }
    }

    /// Begins the ids and the chance anew. [`super::app::App`] calls it before each run of the work.
    pub fn restart(&self) {
        *self.stream.borrow_mut() = ChaCha20Rng::from_seed(self.seed);
    }
}

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody signed in.
    Anonymous,
    /// A consumer with a session.
    Consumer(ConsumerId),
    /// A member of staff with a session.
    Staff(Staff),
    /// A kiosk that signed its request.
    Kiosk(DeviceId),
    /// The platform itself; the name says which job.
    System(&'static str),
}

/// A member of staff and what they may touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staff {
    /// The account.
    pub id: StaffId,
    /// What they do.
    pub role: Role,
    /// The merchant they work for; `None` for operator and government staff.
    pub merchant: Option<MerchantId>,
}

impl Actor {
    /// The role the guard compares with the table; `None` for nobody and for the platform itself.
    pub const fn role(&self) -> Option<Role> {
        match self {
            Actor::Anonymous | Actor::System(_) => None,
            Actor::Consumer(_) => Some(Role::Consumer),
            Actor::Staff(staff) => Some(staff.role),
            Actor::Kiosk(_) => Some(Role::Kiosk),
        }
    }

    /// The consumer, if it is one.
    pub const fn consumer(&self) -> Option<ConsumerId> {
        match self {
            Actor::Consumer(id) => Some(*id),
            Actor::Anonymous | Actor::Staff(_) | Actor::Kiosk(_) | Actor::System(_) => None,
        }
    }

    /// The member of staff, if it is one.
    pub const fn staff(&self) -> Option<Staff> {
        match self {
            Actor::Staff(staff) => Some(*staff),
            Actor::Anonymous | Actor::Consumer(_) | Actor::Kiosk(_) | Actor::System(_) => None,
        }
    }

    /// The merchant the member of staff works for.
    pub const fn merchant(&self) -> Option<MerchantId> {
        match self.staff() {
            Some(staff) => staff.merchant,
            None => None,
        }
    }

    /// The kiosk, if it is one.
    pub const fn kiosk(&self) -> Option<DeviceId> {
        match self {
            Actor::Kiosk(id) => Some(*id),
            Actor::Anonymous | Actor::Consumer(_) | Actor::Staff(_) | Actor::System(_) => None,
        }
    }
}

impl fmt::Display for Actor {
    /// `anonymous`, `consumer:<id>`, `staff:<id>`, `kiosk:<id>` or `system:<job>`: how audit rows name the actor.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Anonymous => out.write_str("anonymous"),
            Actor::Consumer(id) => write!(out, "consumer:{id}"),
            Actor::Staff(staff) => write!(out, "staff:{}", staff.id),
            Actor::Kiosk(id) => write!(out, "kiosk:{id}"),
            Actor::System(job) => write!(out, "system:{job}"),
        }
    }
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// What a caller is to the platform.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Role {
            $($(#[$doc])* $name,)+
        }

        impl Role {
            /// Every role.
            pub const ALL: &'static [Role] = &[$(Role::$name),+];

            /// The stable text of the role.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Role::$name => $text,)+
                }
            }
        }
    };
}

roles! {
    /// A person with a wallet.
    Consumer = "consumer",
    /// Redeems at the till of one merchant.
    MerchantCashier = "merchant_cashier",
    /// Runs one merchant's offers and staff.
    MerchantManager = "merchant_manager",
    /// Break-glass operator; sets up merchants and funds.
    OpSuper = "op_super",
    /// Reviews merchants.
    OpMerchantReviewer = "op_merchant_reviewer",
    /// Enrols and configures kiosks.
    OpFleet = "op_fleet",
    /// Drafts campaigns and batches.
    OpCampaignEditor = "op_campaign_editor",
    /// Approves what an editor drafted.
    OpCampaignApprover = "op_campaign_approver",
    /// Reads everything, writes nothing.
    OpAuditor = "op_auditor",
    /// Grants government money.
    GovBudgetOwner = "gov_budget_owner",
    /// Reads de-identified records for the government.
    GovAuditor = "gov_auditor",
    /// A kiosk.
    Kiosk = "kiosk",
}

/// The text names no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a role")]
pub struct RoleError;

impl FromStr for Role {
    type Err = RoleError;
    fn from_str(text: &str) -> Result<Role, RoleError> {
        Role::ALL.iter().copied().find(|role| role.as_str() == text).ok_or(RoleError)
    }
}

impl Column for Role {
    fn from_value(value: &Value) -> Option<Role> {
        String::from_value(value)?.parse().ok()
    }
}

impl TryFrom<String> for Role {
    type Error = RoleError;
    fn try_from(text: String) -> Result<Role, RoleError> {
        text.parse()
    }
}

impl From<Role> for String {
    fn from(role: Role) -> String {
        role.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::CouponId;

    fn act() -> Act {
        Act::new(UtcMillis::new(1_700_000_000_000), Actor::Anonymous, "r".to_owned(), [7; 32])
    }

    #[test]
    fn a_restarted_act_gives_the_same_ids_again_and_within_one_run_they_differ() {
        let act = act();
        let first_run = (act.mint(CouponId::new), act.mint(CouponId::new));
        act.restart();
        assert_eq!((act.mint(CouponId::new), act.mint(CouponId::new)), first_run);
        assert_ne!(first_run.0, first_run.1);
    }

    #[test]
    fn chance_below_stays_below_and_reaches_every_number() {
        let act = act();
        let mut seen = [false; 6];
        (0..200).for_each(|_| seen[usize::try_from(act.chance_below(6)).unwrap()] = true);
        assert_eq!(seen, [true; 6]);
        assert_eq!(act.chance_below(0), 0);
    }
}
