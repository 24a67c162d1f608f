//! From a checked filter to SQL with bound values.
//!
//! An error in CEL (an absent time, a missing key, values that have no order) is NULL in SQL: NULL passes through NOT,
//! AND and OR as errors do in CEL, and WHERE keeps only what is true.

mod column;
mod compile;
mod ids;
mod json;

pub use compile::compile;

use super::sql::Sql;

/// A filter as a condition of a WHERE.
#[derive(Clone, Debug)]
pub struct Condition {
    pub(super) sql: Sql,
    /// One of few shapes, worth a prepared statement.
    pub(super) hot: bool,
}
