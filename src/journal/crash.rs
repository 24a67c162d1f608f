//! Crash points: places where a test build kills itself on request, to prove that a crash there loses nothing.
//!
//! With the feature `crash-points`, `DOCKET_CRASH_AT=<seam>:<n>` kills the process the nth time that it passes this seam.

#[cfg(feature = "crash-points")]
pub fn point(seam: &str) {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let (seam, nth) =
            std::env::var("DOCKET_CRASH_AT").ok()?.split_once(':').map(|(s, n)| (s.to_owned(), n.parse()))?;
        Some((seam, nth.ok()?))
    });
    static PASSED: AtomicU64 = AtomicU64::new(0);

    if let Some((wanted, nth)) = &*WANTED
        && wanted == seam
        && PASSED.fetch_add(1, Ordering::Relaxed) + 1 == *nth
    {
        // The faulty build has sent its replies by now; its fault only shows if they arrive before it dies.
        if cfg!(feature = "ack-before-commit") {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        // SAFETY: kill takes no pointers, and SIGKILL to this process does not return.
        unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
    }
}

#[cfg(not(feature = "crash-points"))]
pub fn point(_seam: &str) {}
