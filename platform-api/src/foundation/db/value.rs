//! Values that go in and rows that come out: integers, texts, bytes and nothing else.
//!
//! Ids are stored as their text, instants as UTC milliseconds, money as fen, flags as 0 and 1.

use super::DbError;
use domain::{
    ids::{
        BatchId, CampaignId, CityCode, ConsumerId, CouponId, DeviceId, EventId, FundId, LeaseId, LedgerTxId,
        MallId, MerchantId, RedemptionId, StaffId, StoreId, TagId,
    },
    money::Fen,
    time::{ShanghaiDay, UtcMillis},
};
use std::sync::Arc;

/// A parameter or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `BYTEA`.
    Bytes(Vec<u8>),
}

/// One row of an answer; columns are asked for by name.
#[derive(Clone, Debug)]
pub struct Row {
    query: &'static str,
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    pub(super) fn new(query: &'static str, names: Arc<[String]>, values: Vec<Value>) -> Row {
        Row { query, names, values }
    }

    /// The column `column` as a `T`; [`DbError::Column`] if it is missing, null (unless `T` is an `Option`) or of
    /// another type.
    pub fn get<T: Column>(&self, column: &'static str) -> Result<T, DbError> {
        let value =
            self.names.iter().position(|name| name == column).and_then(|index| self.values.get(index));
        value.and_then(T::from_value).ok_or(DbError::Column { query: self.query, column })
    }
}

/// What a column can be read as.
pub trait Column: Sized {
    /// The typed value, or `None` if the column holds something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl Column for i64 {
    fn from_value(value: &Value) -> Option<i64> {
        match value {
            Value::Int(number) => Some(*number),
            Value::Null | Value::Text(_) | Value::Bytes(_) => None,
        }
    }
}

impl Column for String {
    fn from_value(value: &Value) -> Option<String> {
        match value {
            Value::Text(text) => Some(text.clone()),
            Value::Null | Value::Int(_) | Value::Bytes(_) => None,
        }
    }
}

impl Column for Vec<u8> {
    fn from_value(value: &Value) -> Option<Vec<u8>> {
        match value {
            Value::Bytes(bytes) => Some(bytes.clone()),
            Value::Null | Value::Int(_) | Value::Text(_) => None,
        }
    }
}

impl<const N: usize> Column for [u8; N] {
    fn from_value(value: &Value) -> Option<[u8; N]> {
        Vec::from_value(value)?.try_into().ok()
    }
}

impl<T: Column> Column for Option<T> {
    fn from_value(value: &Value) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            Value::Int(_) | Value::Text(_) | Value::Bytes(_) => T::from_value(value).map(Some),
        }
    }
}

impl Column for bool {
    fn from_value(value: &Value) -> Option<bool> {
        match i64::from_value(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

macro_rules! whole_numbers {
    ($($type:ty),+) => {$(
        impl Column for $type {
            fn from_value(value: &Value) -> Option<$type> {
                <$type>::try_from(i64::from_value(value)?).ok()
            }
        }
        impl From<$type> for Value {
            fn from(number: $type) -> Value {
                Value::Int(i64::from(number))
            }
        }
    )+};
}
whole_numbers!(u8, u16, u32, i32);

macro_rules! wrapped_numbers {
    ($($type:ty),+) => {$(
        impl Column for $type {
            fn from_value(value: &Value) -> Option<$type> {
                i64::from_value(value).map(<$type>::new)
            }
        }
        impl From<$type> for Value {
            fn from(number: $type) -> Value {
                Value::Int(number.get())
            }
        }
    )+};
}
wrapped_numbers!(Fen, UtcMillis, ShanghaiDay);

macro_rules! small_wrapped_numbers {
    ($($type:ty),+) => {$(
        impl Column for $type {
            fn from_value(value: &Value) -> Option<$type> {
                u32::from_value(value).map(<$type>::new)
            }
        }
        impl From<$type> for Value {
            fn from(number: $type) -> Value {
                Value::from(number.get())
            }
        }
    )+};
}
small_wrapped_numbers!(TagId, CityCode);

macro_rules! ids {
    ($($type:ty),+ $(,)?) => {$(
        impl Column for $type {
            fn from_value(value: &Value) -> Option<$type> {
                match value {
                    Value::Text(text) => text.parse().ok(),
                    Value::Null | Value::Int(_) | Value::Bytes(_) => None,
                }
            }
        }
        impl From<$type> for Value {
            fn from(id: $type) -> Value {
                Value::Text(id.to_string())
            }
        }
    )+};
}
ids!(
    BatchId,
    CampaignId,
    ConsumerId,
    CouponId,
    DeviceId,
    EventId,
    FundId,
    LeaseId,
    LedgerTxId,
    MallId,
    MerchantId,
    RedemptionId,
    StaffId,
    StoreId,
    protocol::media::MediaHash,
);

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Value {
        Value::Int(i64::from(flag))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Value {
        Value::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}
