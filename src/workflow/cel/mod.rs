//! CEL, the language of conditions: parsed by the `cel` crate; checked, bounded and evaluated here.
//!
//! One evaluator serves rules, templates and filters, over the checked tree that the store also compiles into SQL: so a
//! filter means the same in a list, in a stream and in a rule. A test holds it against the crate's own interpreter.

mod absent;
mod apply;
pub mod ast;
mod check;
mod clocks;
mod duration;
mod eval;
mod fault;
mod finer;
mod found;
mod functions;
mod hours;
mod names;
mod operators;
#[cfg(test)]
mod oracle;
mod parameter;
mod parse;
mod pattern;
mod print;
mod resolve;
mod slips;
mod trace;
mod value;
mod variables;

pub use absent::unguarded;
pub use check::{DUE, RULE, Scope, TENANTS, compile, compile_among, condition, condition_among, condition_with};
pub use duration::parse_duration;
pub use eval::{evaluate, evaluate_after, holds};
pub use fault::{Fault, MAX_TEXT};
pub use parse::Parsed;
pub use trace::{Outcome, Traced, Tracer, Unknowns};
pub use value::Value;
pub use variables::Variables;
