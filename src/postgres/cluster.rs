//! One PostgreSQL cluster on disk: its folders, initdb, and how its server is started.

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

/// The port only names the socket's file: nothing listens on TCP.
pub(super) const PORT: u16 = 5432;
/// The longest socket path that every supported system takes (Linux 107 bytes, macOS 103).
const SOCKET_PATH: usize = 103;
/// How much of the log an error shows.
const TAIL: u64 = 2_000;

#[derive(Debug)]
pub(super) struct Cluster {
    binaries: Binaries,
    account: Option<Account>,
    data: PathBuf,
    socket_dir: PathBuf,
    log: PathBuf,
}

/// The folder that holds everything of the managed server, made when it is missing.
pub(super) fn base(data_dir: &Path) -> Result<PathBuf, Error> {
    let base = data_dir.join("postgres");
    fs::create_dir_all(&base).map_err(io_error("making", &base))?;
    // Others may pass through, as the server's own user must when Docket is root; the folders inside are closed.
    let mode = fs::metadata(&base).map_err(io_error("looking at", &base))?.mode() & 0o777;
    if mode != 0o711 {
        fs::set_permissions(&base, fs::Permissions::from_mode(0o711)).map_err(io_error("opening", &base))?;
    }
    base.canonicalize().map_err(io_error("looking at", &base))
}

impl Cluster {
    /// Finds the binaries and makes the cluster when there is none. The caller holds the lock on `base`.
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

    /// Starts the server. The thread that calls this has to live as long as the server should: on Linux the kernel
    /// ends the server with that thread, so that a killed Docket leaves no orphan.
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

    /// Given on the command line at each start, so that an old cluster follows a new Docket.
    fn settings(&self) -> [String; 8] {
        [
            "listen_addresses=".to_string(),
            format!("unix_socket_directories={}", self.socket_dir.display()),
            "unix_socket_permissions=0700".to_string(),
            "max_connections=100".to_string(),
            format!("shared_buffers={}MB", shared_buffers()),
            "fsync=on".to_string(),
            "synchronous_commit=on".to_string(),
            // With the SQLSTATE, for the texts may be in any language.
            "log_line_prefix=%m [%p] %e ".to_string(),
        ]
    }

    /// The end of the server's log, for an error's text.
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

    /// Makes the cluster beside its place and renames it when it is whole, so that a crash leaves no half of one.
    fn create(&self, base: &Path) -> Result<(), Error> {
        tracing::info!(postgres = self.binaries.major, "Making a PostgreSQL cluster in {}", self.data.display());
        for entry in fs::read_dir(base).map_err(io_error("reading", base))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with("data.new.") {
                fs::remove_dir_all(entry.path()).map_err(io_error("removing", &entry.path()))?;
            }
        }
        let new = base.join(format!("data.new.{}", std::process::id()));
        private_dir(&new, self.account.as_ref())?;
        // C.UTF-8 sorts by code point and knows every letter; systems without it fall back to C.
        if let Err(first) = self.initdb(&new, "C.UTF-8") {
            tracing::debug!(%first, "No locale C.UTF-8, trying C");
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

    /// In single-user mode, which needs no client.
    fn create_database(&self, data: &Path) -> Result<(), Error> {
        let mut command = self.command(&self.binaries.postgres(), libc::SIGKILL);
        // Else it would report a failed statement, in its language, and end well.
        command.args(["--single", "-j", "-c", "exit_on_error=on", "-D"]).arg(data).arg("postgres");
        let (reader, mut writer) = io::pipe().map_err(io_error("making a pipe for", data))?;
        io::Write::write_all(&mut writer, format!("CREATE DATABASE {NAME};\n\n").as_bytes())
            .map_err(io_error("writing to a pipe for", data))?;
        drop(writer);
        finish("postgres --single", &mut command, Stdio::from(reader))
    }

    /// A program of PostgreSQL's: as its own user, out of the terminal's process group so that Ctrl-C does not reach it
    /// before Docket has drained, and ended by `at_our_death` when the thread that started it ends (Linux).
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

/// std changes the user before it calls this, and a change of user would clear the wish.
#[cfg(target_os = "linux")]
fn die_with_us(command: &mut Command, signal: libc::c_int) {
    let parent = std::process::id();
    // SAFETY: between fork and exec only async-signal-safe calls are made: prctl and getppid.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, signal) != 0 {
                return Err(io::Error::last_os_error());
            }
            // Docket died before the wish was made.
            if libc::getppid().cast_unsigned() != parent {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
            Ok(())
        });
    }
}

/// Elsewhere there is no such wish: the next start asks the orphan to end.
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

/// The socket's folder: beside the data, or, when that path is too long or needs quoting, a short one of the same
/// name at each start under the temporary folder.
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

/// FNV-1a, 64 bits: the same folder has the same name in every build.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A folder that the server's user alone may enter. One that is there already has to be a folder of ours, not a trap
/// that someone else laid in a shared place.
fn private_dir(path: &Path, account: Option<&Account>) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).map_err(io_error("looking at", path))?;
            // SAFETY: geteuid takes nothing and cannot fail.
            let ours = found.uid() == unsafe { libc::geteuid() } || account.is_some_and(|account| account.owns(&found));
            if !found.is_dir() || !ours {
                let taken = io::Error::new(io::ErrorKind::AlreadyExists, "it is there and belongs to someone else");
                return Err(io_error("making", path)(taken));
            }
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io_error("closing", path))?;
        }
        Err(error) => return Err(io_error("making", path)(error)),
    }
    account.map_or(Ok(()), |account| account.own(path))
}

/// An eighth of the memory, in MiB, between 128 and 512: a developer's machine has other things to do.
fn shared_buffers() -> u64 {
    // SAFETY: sysconf has no memory effects; it answers -1 when it does not know.
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
