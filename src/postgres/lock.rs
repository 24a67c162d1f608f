//! The lock that keeps two Dockets off one cluster: held by the operating system, so it cannot outlive its process.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::{Error, io_error};

#[derive(Debug)]
pub(super) struct Lock {
    _held: File,
}

impl Lock {
    /// Takes the folder's lock and leaves this process's id in it, for the words of whoever is refused.
    pub(super) fn take(folder: &Path) -> Result<Lock, Error> {
        let path = folder.join("lock");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io_error("opening", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(io_error("reading", &path))?;
                return Err(Error::InUse { folder: folder.to_path_buf(), pid: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(source)) => return Err(io_error("locking", &path)(source)),
        }
        file.set_len(0).map_err(io_error("writing", &path))?;
        writeln!(file, "{}", std::process::id()).map_err(io_error("writing", &path))?;
        Ok(Lock { _held: file })
    }
}
