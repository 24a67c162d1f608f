//! The exit codes of `docket`.

/// The server refused, or is away; a check failed.
pub const FAILED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// The configuration is wrong or the machine lacks something: see sysexits.h.
pub const CONFIGURATION: u8 = 78;
