//! Exit codes of `docket`.

/// The server refused the request or is unreachable, or a check failed.
pub const FAILED: u8 = 1;
/// Invalid command line.
pub const USAGE: u8 = 2;
/// Invalid configuration, or a missing dependency; see sysexits.h.
pub const CONFIGURATION: u8 = 78;
