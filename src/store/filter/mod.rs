//! Filters in SQL: from a checked filter to a condition with bound values.
//!
//! An error in CEL (an absent time, a missing key, values that have no order) is NULL in SQL: NULL passes through NOT,
//! AND and OR as errors do in CEL, and WHERE keeps only what is true. No function that PostgreSQL answers with an error is
//! given what it does not take: one such row would fail the list.

mod calculate;
mod column;
mod compare;
mod compile;
mod constant;
mod fence;
mod ids;
mod json;
mod literal;
mod loops;
mod operand;
mod proof;
mod sorted;

pub use compile::{compile, narrow, partial, plain};

use super::sql::Sql;

/// A filter as a condition of a WHERE.
#[derive(Clone, Debug)]
pub struct Condition {
    pub(super) sql: Sql,
    /// Where an index that the planner does not find gives fewer rows than the table has.
    indexed: Option<Indexed>,
    pub(super) shape: Shape,
}

/// Rows that an index gives, and what is still to be asked of them.
#[derive(Clone, Debug)]
struct Indexed {
    rows: Sql,
    sql: Option<Sql>,
}

impl Condition {
    /// The rows that it is to be asked of, absent: those of the table, and what is to be asked.
    pub(super) fn over(&self) -> (Option<Sql>, Option<Sql>) {
        match &self.indexed {
            Some(indexed) => (Some(indexed.rows.clone()), indexed.sql.clone()),
            None => (None, Some(self.sql.clone())),
        }
    }

    /// Whether its statement is one of a few, worth a prepared one.
    pub(super) fn is_hot(&self) -> bool {
        self.shape == Shape::Hot
    }
}

/// Whether a filter's statement is worth a prepared one: shapes are without end, and each costs memory on each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One of a few, in any order that an index serves.
    Hot,
    /// One of some hundreds, in the order that is asked for nearly always.
    Typical,
    Rare,
}
