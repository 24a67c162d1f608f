//! Background worker for SLA timers, and for timers and schedules of rules: submits a command for each ticket that is due. Correctness needs no leader: a command first
//! brings its ticket's clocks up to date, and what is recorded is not recorded again.

mod follow;
mod schedules;
mod timers;

pub use timers::run;
