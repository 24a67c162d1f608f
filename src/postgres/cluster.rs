//! PostgreSQL cluster on disk: folders, initdb, and the command that starts its server.

use std::fs::{self, DirBuilder, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, io};

use super::account::Account;
use super::find::{self, Binaries};
use super::{Error, NAME, io_error};

/// Port, which only determines the name of the socket file: nothing listens on TCP.
pub(super) const PORT: u16 = 5432;
/// Maximum length of a socket path on all supported systems (Linux 107 bytes, macOS 103).
const SOCKET_PATH: usize = 103;
/// Bytes of the log that an error includes.
const TAIL: u64 = 2_000;

#[derive(Debug)]
pub(super) struct Cluster {
    binaries: Binaries,
    account: Option<Account>,
    data: PathBuf,
    socket_dir: PathBuf,
    log: PathBuf,
}

/// Folder of the managed server; created if missing.
pub(super) fn base(data_dir: &Path) -> Result<PathBuf, Error> {
    let base = data_dir.join("postgres");
    fs::create_dir_all(&base).map_err(io_error("creating", &base))?;
    // Others may traverse it, as the server's own user must if Docket is root; the folders inside are private.
    let mode = fs::metadata(&base).map_err(io_error("reading the metadata of", &base))?.mode() & 0o777;
    if mode != 0o711 {
        fs::set_permissions(&base, fs::Permissions::from_mode(0o711))
            .map_err(io_error("changing the mode of", &base))?;
    }
    base.canonicalize().map_err(io_error("reading the metadata of", &base))
}

impl Cluster {
    /// Finds the binaries, and creates the cluster if there is none. The caller must hold the lock on `base`.
    pub(super) fn open(base: PathBuf, bin_dir: Option<&Path>) -> Result<Cluster, Error> {
        let data = base.join("data");
        let made_by = fs::read_to_string(data.join("PG_VERSION")).ok().and_then(|text| find::major(&text));
        let binaries = find::binaries(bin_dir, made_by)?;
        if let Some(made_by) = made_by
            && made_by != binaries.major
        {
            return Err(Error::OtherVersion { data, made_by, bin: binaries.dir, found: binaries.major });
        }
        let account = Account::for_server(&data)?;
        if let Some(account) = &account {
            account.reach(&base)?;
            account.reach(&binaries.dir)?;
        }
        let socket_dir = socket_dir(&base, account.as_ref())?;
        let log = base.join("log");
        if log.exists() {
            fs::rename(&log, base.join("log.1")).map_err(io_error("renaming", &log))?;
        }
        let cluster = Cluster { binaries, account, data, socket_dir, log };
        if made_by.is_none() {
            cluster.create(&base)?;
        }
        Ok(cluster)
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// Starts the server. The calling thread must live as long as the server should: on Linux, the kernel stops the server when
    /// that thread ends, so that a killed Docket leaves no orphan.
    pub(super) fn spawn(&self) -> Result<Child, Error> {
        let log = File::options().create(true).append(true).open(&self.log).map_err(io_error("opening", &self.log))?;
        let errors = log.try_clone().map_err(io_error("opening", &self.log))?;
        let mut command = self.command(&self.binaries.postgres(), libc::SIGINT);
        command.arg("-D").arg(&self.data).args(["-p", &PORT.to_string()]);
        for setting in self.settings() {
            command.args(["-c", &setting]);
        }
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        command.spawn().map_err(io_error("running", &self.binaries.postgres()))
    }

    /// Settings passed on the command line at each start, so that a new version applies them to an old cluster.
    fn settings(&self) -> [String; 8] {
        [
            "listen_addresses=".to_string(),
            format!("unix_socket_directories={}", self.socket_dir.display()),
            "unix_socket_permissions=0700".to_string(),
            "max_connections=100".to_string(),
            format!("shared_buffers={}MB", shared_buffers()),
            "fsync=on".to_string(),
            "synchronous_commit=on".to_string(),
            // Includes the SQLSTATE, because messages may be in any language.
            "log_line_prefix=%m [%p] %e ".to_string(),
        ]
    }

    /// An error that includes the end of the server's log.
    pub(super) fn not_started(&self, why: String) -> Error {
        let tail = File::open(&self.log).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).trim().to_string())
        });
        Error::NotStarted { why, log: self.log.clone(), tail: tail.unwrap_or_else(|error| error.to_string()) }
    }

    /// Creates the cluster in a temporary folder and renames it when it is complete, so that a crash leaves no partial one.
    fn create(&self, base: &Path) -> Result<(), Error> {
        tracing::info!(postgres = self.binaries.major, "Creating a PostgreSQL cluster in {}", self.data.display());
        for entry in fs::read_dir(base).map_err(io_error("reading", base))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("data.new.") {
                fs::remove_dir_all(entry.path()).map_err(io_error("removing", &entry.path()))?;
            }
        }
        let new = base.join(format!("data.new.{}", std::process::id()));
        private_dir(&new, self.account.as_ref())?;
        // C.UTF-8 sorts by code point and classifies all letters; systems without it fall back to C.
        if let Err(first) = self.initdb(&new, "C.UTF-8") {
            tracing::debug!(%first, "Locale C.UTF-8 is not available, trying C");
            self.initdb(&new, "C")?;
        }
        self.create_database(&new)?;
        fs::rename(&new, &self.data).map_err(io_error("renaming", &new))
    }

    fn initdb(&self, into: &Path, locale: &str) -> Result<(), Error> {
        let mut command = self.command(&self.binaries.initdb(), libc::SIGKILL);
        command.arg("-D").arg(into).args(["-U", NAME, "-E", "UTF8", &format!("--locale={locale}")]);
        command.args(["--auth-local=trust", "--auth-host=reject"]);
        finish("initdb", &mut command, Stdio::null())
    }

    /// Creates the database in single-user mode, which needs no client.
    fn create_database(&self, data: &Path) -> Result<(), Error> {
        let mut command = self.command(&self.binaries.postgres(), libc::SIGKILL);
        // Without it, single-user mode would report a failed statement, in any language, and exit with 0.
        command.args(["--single", "-j", "-c", "exit_on_error=on", "-D"]).arg(data).arg("postgres");
        let (reader, mut writer) = io::pipe().map_err(io_error("creating a pipe for", data))?;
        io::Write::write_all(&mut writer, format!("CREATE DATABASE {NAME};\n\n").as_bytes())
            .map_err(io_error("writing to a pipe for", data))?;
        drop(writer);
        finish("postgres --single", &mut command, Stdio::from(reader))
    }

    /// Command for a PostgreSQL program. It runs as its own user, outside the terminal's process group so that Ctrl-C does not
    /// reach it before Docket has drained, and is stopped with the signal `at_our_death` when the starting thread ends (Linux).
    fn command(&self, program: &Path, at_our_death: libc::c_int) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").process_group(0);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        if let Some(account) = &self.account {
            account.runs(&mut command);
        }
        die_with_us(&mut command, at_our_death);
        command
    }
}

/// Sets the parent-death signal. std changes the user before it calls this; a later change would clear the signal.
#[cfg(target_os = "linux")]
fn die_with_us(command: &mut Command, signal: libc::c_int) {
    let parent = std::process::id();
    // SAFETY: between fork and exec only async-signal-safe calls are made: prctl and getppid.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, signal) != 0 {
                return Err(io::Error::last_os_error());
            }
            // Docket died before the signal was set.
            if libc::getppid().cast_unsigned() != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        });
    }
}

/// Other systems have no parent-death signal; the next start stops the orphan.
#[cfg(not(target_os = "linux"))]
fn die_with_us(_: &mut Command, _: libc::c_int) {}

fn finish(program: &'static str, command: &mut Command, input: Stdio) -> Result<(), Error> {
    let path = PathBuf::from(command.get_program());
    let done = command.stdin(input).output().map_err(io_error("running", &path))?;
    let output = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    if !done.status.success() {
        return Err(Error::NoCluster { program, output: output.trim().to_string() });
    }
    Ok(())
}

/// Folder of the socket: next to the data, or, if that path is too long or would need quoting, a short one below the temporary
/// folder, with the same name at each start.
fn socket_dir(base: &Path, account: Option<&Account>) -> Result<PathBuf, Error> {
    let beside = base.join("socket");
    if fits(&beside) {
        private_dir(&beside, account)?;
        return Ok(beside);
    }
    let name = format!("docket-{:016x}", fnv1a(base.as_os_str().as_encoded_bytes()));
    let short = env::temp_dir().join(&name);
    let short = if fits(&short) { short } else { Path::new("/tmp").join(&name) };
    private_dir(&short, account)?;
    Ok(short)
}

fn fits(dir: &Path) -> bool {
    let bytes = dir.as_os_str().as_encoded_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._+-".contains(byte);
    dir.is_absolute()
        && dir.join(format!(".s.PGSQL.{PORT}")).as_os_str().len() <= SOCKET_PATH
        && bytes.iter().all(plain)
}

/// FNV-1a, 64 bits: gives a folder the same name in every build.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Creates a folder that only the server's user may enter. If it exists, it must be our own, not one that someone else placed in a
/// shared location.
fn private_dir(path: &Path, account: Option<&Account>) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).map_err(io_error("reading the metadata of", path))?;
            // SAFETY: geteuid takes nothing and cannot fail.
            let ours = found.uid() == unsafe { libc::geteuid() } || account.is_some_and(|account| account.owns(&found));
            if !found.is_dir() || !ours {
                let taken = io::Error::new(io::ErrorKind::AlreadyExists, "it exists and belongs to another user");
                return Err(io_error("making", path)(taken));
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io_error("closing", path))?;
        }
        Err(error) => return Err(io_error("making", path)(error)),
    }
    account.map_or(Ok(()), |account| account.own(path))
}

/// An eighth of the memory, in MiB, between 128 and 512, because a developer's machine runs other programs, too.
fn shared_buffers() -> u64 {
    // SAFETY: sysconf has no memory effects; it returns -1 if the value is unknown.
    let (pages, size) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    let bytes = u64::try_from(pages).unwrap_or(0) * u64::try_from(size).unwrap_or(0);
    (bytes / 8 / 1024 / 1024).clamp(128, 512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_fails_is_noticed() {
        let folder = env::temp_dir().join(format!("docket-cluster-{}", std::process::id()));
        let cluster = base(&folder).and_then(|base| Cluster::open(base, None)).expect("a cluster with its database");
        let twice = cluster.create_database(cluster.data()).expect_err("it is there");
        assert!(matches!(twice, Error::NoCluster { program: "postgres --single", .. }), "{twice}");
        fs::remove_dir_all(&folder).expect("removed");
    }

    #[test]
    fn a_socket_path_that_is_long_or_odd_does_not_fit() {
        assert!(fits(Path::new("/home/ann/docket/.docket/postgres/socket")));
        assert!(!fits(Path::new(&format!("/{}", "a".repeat(SOCKET_PATH)))));
        assert!(["/a b", "/a,b", "/a'b", "relative"].iter().all(|path| !fits(Path::new(path))));
    }
}
