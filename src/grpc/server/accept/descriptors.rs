//! File descriptors: connections leave some for the database, the metrics port and files.

/// For everything that is no caller's connection.
const RESERVE: usize = 128;

/// So many connections at most, by the limit of the process where the system tells it. Of few descriptors they get half.
pub fn at_most(configured: usize) -> usize {
    match limit() {
        Some(limit) => configured.min(beside_reserve(limit)).max(1),
        None => configured,
    }
}

fn beside_reserve(limit: usize) -> usize {
    limit.saturating_sub(RESERVE).max(limit / 2)
}

/// The soft limit. `None`: unlimited, or unknown.
fn limit() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_left_for_everything_else() {
        assert_eq!((beside_reserve(1024), beside_reserve(256), beside_reserve(100)), (896, 128, 50));
        assert!(limit().is_none_or(|limit| limit > 0));
        assert_eq!(at_most(1), 1);
    }
}
