//! Who and what the demo city holds, as the platform's demo door tells it.

use super::report::Broken;
use serde::Deserialize;

/// The demo city.
#[derive(Clone, Debug, Deserialize)]
pub struct City {
    /// The mall's id.
    pub mall: String,
    /// The mall's name.
    pub mall_name: String,
    /// The password of all staff.
    pub staff_password: String,
    /// Who works here.
    pub staff: Vec<Staff>,
    /// Who shops here.
    pub consumers: Vec<Consumer>,
    /// What is offered.
    pub batches: Vec<Batch>,
    /// Where it can be used.
    pub stores: Vec<Store>,
}

/// A member of staff.
#[derive(Clone, Debug, Deserialize)]
pub struct Staff {
    /// The name to sign in with.
    pub login: String,
    /// The role, for example `op_fleet`.
    pub role: String,
}

/// A person with a phone.
#[derive(Clone, Debug, Deserialize)]
pub struct Consumer {
    /// What the plan calls the person, for example `young_single`.
    pub key: String,
    /// The person's name.
    pub name: String,
    /// The number to sign in with.
    pub phone: String,
    /// The numbers of the person's tags.
    pub tags: Vec<u32>,
}

/// A coupon batch.
#[derive(Clone, Debug, Deserialize)]
pub struct Batch {
    /// Its id.
    pub id: String,
    /// The campaign that pays.
    pub campaign: String,
    /// What it is called.
    pub title: String,
    /// The tags its targeting names.
    pub targeted_tags: Vec<u32>,
}

/// A shop.
#[derive(Clone, Debug, Deserialize)]
pub struct Store {
    /// Its id.
    pub id: String,
    /// The name on the door.
    pub name: String,
}

impl City {
    /// The person the plan calls `key`.
    pub fn consumer(&self, key: &str) -> Result<&Consumer, Broken> {
        found(self.consumers.iter().find(|consumer| consumer.key == key), key)
    }

    /// The batch called `title`.
    pub fn batch(&self, title: &str) -> Result<&Batch, Broken> {
        found(self.batches.iter().find(|batch| batch.title == title), title)
    }

    /// The shop called `name`.
    pub fn store(&self, name: &str) -> Result<&Store, Broken> {
        found(self.stores.iter().find(|store| store.name == name), name)
    }

    /// The first member of staff with `role`.
    pub fn staff(&self, role: &str) -> Result<&Staff, Broken> {
        found(self.staff.iter().find(|staff| staff.role == role), role)
    }
}

fn found<'a, T>(thing: Option<&'a T>, name: &str) -> Result<&'a T, Broken> {
    thing.ok_or_else(|| Broken::new(format!("the demo city has no {name}")))
}
