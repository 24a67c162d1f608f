//! Time: what is due becomes commands. Correctness needs no leader: a command settles its ticket first, and what was settled
//! is not done again.

mod timers;

pub use timers::run;
