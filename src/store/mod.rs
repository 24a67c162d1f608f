//! SQL: free functions over a connection. No decisions are made here.

pub mod audience;
mod connect;
pub mod doctor;
pub mod filter;
pub mod gather;
pub mod head;
pub mod hint;
pub mod load;
pub mod lock;
pub mod lookup;
pub mod migrate;
pub mod outcome;
pub mod page;
pub mod plan;
pub mod pool;
pub mod projection;
pub mod prune;
pub mod read;
pub mod rules;
pub mod save;
pub mod search;
pub mod sla;
pub mod sql;
pub mod statistics;
pub mod target;
pub mod write;
