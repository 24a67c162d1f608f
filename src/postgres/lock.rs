//! File lock that prevents two servers from using one cluster. The operating system releases it when the process ends.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::{Error, io_error};

#[derive(Debug)]
pub(super) struct Lock {
    _held: File,
}

impl Lock {
    /// Locks the folder and writes this process's id into the lock file, for the error message of others.
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
