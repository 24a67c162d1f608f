//! A folder with a PostgreSQL of a test's own, to be killed or left behind.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use docket::postgres::{Error, Postgres, Settings};

/// Outside the home folder, which PostgreSQL's user could not enter. Removed at the end, unless the test failed: then what
/// the processes left is worth reading.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Folder(std::env::temp_dir().join(format!("docket-{name}-{}-{number}", std::process::id())))
    }

    pub fn start(&self) -> Result<Postgres, Error> {
        Postgres::start(Settings { data_dir: self.0.clone(), bin_dir: None })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what the processes left is in {}", self.0.display());
        } else if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}
