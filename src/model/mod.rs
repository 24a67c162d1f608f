//! Domain types: rows of the tables, and pure rules on them. No async, no SQL text, no protobuf types.

#[macro_use]
pub mod reference;
#[macro_use]
pub mod row;

pub mod activity;
pub mod activity_type;
pub mod address;
pub mod audience;
pub mod canned;
pub mod change;
pub mod column;
pub mod directory;
pub mod fields;
pub mod fired;
#[cfg(test)]
pub mod fixture;
pub mod fold;
pub mod id;
pub mod image;
pub mod issue;
pub mod ledger;
pub mod lifecycle;
pub mod limits;
pub mod line;
pub mod measure;
pub mod mention;
pub mod message;
pub mod queue;
pub mod revocation;
pub mod rights;
pub mod rule_runs;
pub mod schema;
pub mod script;
pub mod shown;
pub mod sla;
pub mod statistics;
pub mod stored_type;
pub mod tag;
pub mod tenant;
pub mod ticket;
pub mod time;
pub mod words;
