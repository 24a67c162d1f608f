//! User account for PostgreSQL if Docket runs as root, because PostgreSQL refuses to run as root.

use std::ffi::{CStr, CString};
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{Error, io_error};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// `None` unless this process is root; otherwise the owner of an existing cluster, else `postgres`, else `nobody`.
    pub(super) fn for_server(data: &Path) -> Result<Option<Account>, Error> {
        // SAFETY: geteuid takes nothing and cannot fail.
        if unsafe { libc::geteuid() } != 0 {
            return Ok(None);
        }
        if let Ok(owned) = fs::metadata(data)
            && owned.uid() != 0
        {
            return Ok(Some(Account { name: format!("#{}", owned.uid()), uid: owned.uid(), gid: owned.gid() }));
        }
        ["postgres", "nobody"].into_iter().find_map(Account::named).map(Some).ok_or(Error::NoAccount)
    }

    fn named(name: &str) -> Option<Account> {
        let wanted = CString::new(name).ok()?;
        let mut buffer = vec![0; 16 * 1024];
        let mut found = std::ptr::null_mut();
        // SAFETY: passwd is plain data for which zero is valid; every pointer outlives the call, and the length is right.
        let entry = unsafe {
            let mut entry: libc::passwd = std::mem::zeroed();
            libc::getpwnam_r(wanted.as_ptr(), &mut entry, buffer.as_mut_ptr(), buffer.len(), &mut found);
            if found.is_null() {
                return None;
            }
            Account {
                name: CStr::from_ptr(entry.pw_name).to_string_lossy().into_owned(),
                uid: entry.pw_uid,
                gid: entry.pw_gid,
            }
        };
        Some(entry)
    }

    /// Runs a command as this user. std also drops root's supplementary groups, because none are set.
    pub(super) fn runs(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    pub(super) fn own(&self, path: &Path) -> Result<(), Error> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(io_error("changing the owner of", path))
    }

    pub(super) fn owns(&self, found: &Metadata) -> bool {
        found.uid() == self.uid
    }

    /// Fails with the first folder on the path to `wanted` (absolute) that this user may not enter.
    pub(super) fn reach(&self, wanted: &Path) -> Result<(), Error> {
        let mut parents: Vec<&Path> = wanted.ancestors().collect();
        parents.reverse();
        for folder in parents {
            let found = fs::metadata(folder).map_err(io_error("reading the metadata of", folder))?;
            let enter = match (found.uid() == self.uid, found.gid() == self.gid) {
                (true, _) => 0o100,
                (false, true) => 0o010,
                (false, false) => 0o001,
            };
            if found.mode() & enter == 0 {
                return Err(Error::Closed {
                    user: self.name.clone(),
                    folder: folder.to_path_buf(),
                    wanted: wanted.to_path_buf(),
                });
            }
        }
        Ok(())
    }
}
