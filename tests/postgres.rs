//! The managed PostgreSQL, with real ones: they are started, killed, and left behind. A binary of its own, for it kills.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use docket::postgres::{Error, Postgres, Settings};
use folder::Folder;
use tokio_postgres::{Client, NoTls};

#[path = "server/folder.rs"]
mod folder;

/// Names the data folder to the process that `a_process_with_a_server` becomes.
const CHILD_DATA: &str = "DOCKET_TEST_POSTGRES_DATA";
const PATIENCE: Duration = Duration::from_secs(90);

fn pid_file(dir: &Folder) -> PathBuf {
    dir.0.join("postgres/data/postmaster.pid")
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn text(client: &Client, query: &str) -> String {
    client.query_one(query, &[]).await.expect(query).get(0)
}

/// An outside process gives no signal to wait on, so this polls.
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn kill(pid: i32) {
    // SAFETY: kill has no memory effects.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGKILL) }, 0, "killing {pid}");
}

/// Whether a process runs; one that ended and waits to be reaped does not.
fn runs(pid: i32) -> bool {
    if cfg!(target_os = "linux") {
        // `pid (comm) state …`; small containers have no ps.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        return stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'));
    }
    let listed = Command::new("ps").args(["-o", "stat=", "-p", &pid.to_string()]).output().expect("ps");
    let state = String::from_utf8_lossy(&listed.stdout).trim().to_string();
    !state.is_empty() && !state.starts_with('Z')
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_keeps_what_it_is_told_and_stops() {
    let dir = Folder::new("pg");
    let postgres = dir.start().expect("first start");
    let first = postgres.pid().expect("a running server has a process");
    let client = connect(&postgres.url("docket")).await.expect("connect");
    assert_eq!(text(&client, "show fsync").await, "on");
    assert_eq!(text(&client, "show synchronous_commit").await, "on");
    assert_eq!(text(&client, "show listen_addresses").await, "");
    assert_eq!(text(&client, "show server_encoding").await, "UTF8");
    client.batch_execute("create table kept as select 'yes' as word").await.expect("write");
    client.batch_execute("create database \"it's odd\"").await.expect("create a database");
    let odd = connect(&postgres.url("it's odd")).await.expect("connect to an odd name");
    assert_eq!(text(&odd, "select current_database()::text").await, "it's odd");
    postgres.stop();
    assert!(!runs(first), "stopping waits for the end");
    assert!(!pid_file(&dir).exists(), "a clean stop leaves no pid file");

    // A pid file of a server that was lost with its machine, whose number another program has now: ours.
    fs::write(pid_file(&dir), format!("{}\n{}\n", std::process::id(), dir.0.display())).expect("a stale pid file");
    let postgres = dir.start().expect("start over a stale pid file");
    let client = connect(&postgres.url("docket")).await.expect("connect again");
    assert_eq!(text(&client, "select word from kept").await, "yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_comes_back_and_a_second_owner_is_refused() {
    let dir = Folder::new("pg");
    let postgres = dir.start().expect("start");

    let refused = dir.start().expect_err("a second server on one folder");
    assert!(matches!(&refused, Error::InUse { pid: Some(pid), .. } if *pid == std::process::id()), "{refused:?}");
    let words = format!("already in use by another Docket (process {})", std::process::id());
    assert!(refused.to_string().contains(&words), "{refused}");

    let client = connect(&postgres.url("docket")).await.expect("connect");
    client.batch_execute("create table kept as select 'yes' as word").await.expect("write");
    // A backend that computes outlives its postmaster and holds the shared memory (one that waits would end with it).
    let busy = connect(&postgres.url("docket")).await.expect("connect");
    let compute = "do $$ begin while clock_timestamp() < now() + interval '1.5 s' loop end loop; end $$";
    let busy = tokio::spawn(async move { busy.batch_execute(compute).await });
    let in_sight = "select count(*)::text from pg_stat_activity where state = 'active' and query like 'do %'";
    while text(&client, in_sight).await != "1" {}
    for round in 0..2 {
        let killed = postgres.pid().expect("a running server");
        kill(killed);
        until("another postmaster", || postgres.pid().is_some_and(|pid| pid != killed));
        let end = Instant::now() + PATIENCE;
        let client = loop {
            match connect(&postgres.url("docket")).await {
                Ok(client) => break client,
                Err(error) => assert!(Instant::now() < end, "round {round}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert_eq!(text(&client, "select word from kept").await, "yes");
    }
    busy.await.expect("the busy task itself").ok();
    let log = fs::read_to_string(dir.0.join("postgres/log")).expect("the log");
    // lock_file_exists: of the shared memory, too.
    assert!(!log.contains(" F0001 "), "started before the old backends were gone:\n{log}");
    assert!(log.contains(" 00000 "), "the log tells SQLSTATEs:\n{log}");
    let last = postgres.pid().expect("a running server");
    drop(postgres);
    assert!(!runs(last), "dropping stops it");
}

/// Not a test: what the tests below start as another process, to kill it.
#[test]
#[ignore = "run by the other tests, as another process"]
fn a_process_with_a_server() {
    let data_dir = PathBuf::from(std::env::var_os(CHILD_DATA).expect("run by another test"));
    let postgres = Postgres::start(Settings { data_dir, bin_dir: None }).expect("start");
    println!("\nserver {}", postgres.pid().expect("a running server"));
    loop {
        std::thread::park();
    }
}

/// Another process with a server on the folder, and that server's process id.
fn process_with_a_server(data_dir: &Path) -> (Child, i32) {
    let mut process = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--ignored", "--exact", "a_process_with_a_server", "--nocapture"])
        .env(CHILD_DATA, data_dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("another process");
    let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
    let pid = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("server ")?.parse().ok());
    (process, pid.expect("the other process started a server"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_no_orphan_and_the_next_one_starts() {
    let dir = Folder::new("pg");
    let (mut process, orphan) = process_with_a_server(&dir.0);
    let other = process.id();
    let refused = dir.start().expect_err("the folder is the other process's");
    assert!(refused.to_string().contains(&format!("(process {other})")), "{refused}");

    process.kill().expect("kill");
    process.wait().expect("reap");
    // At once, while the orphan may still be ending.
    let postgres = dir.start().expect("start after a kill");
    until("the orphan is gone", || !runs(orphan));
    let client = connect(&postgres.url("docket")).await.expect("connect");
    assert_eq!(text(&client, "select current_user::text").await, "docket");
    drop(postgres);

    #[cfg(target_os = "linux")]
    {
        let (mut process, orphan) = process_with_a_server(&dir.0);
        process.kill().expect("kill");
        process.wait().expect("reap");
        until("the orphan ends by itself", || !runs(orphan) && !pid_file(&dir).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_path_gets_its_socket_elsewhere_and_an_other_version_is_refused() {
    let dir = Folder::new("pg");
    let deep = dir.0.join("a folder, deep".repeat(6));
    let settings = Settings { data_dir: deep.clone(), bin_dir: None };
    let postgres = Postgres::start(settings.clone()).expect("start in a long path");
    let client = connect(&postgres.url("docket")).await.expect("connect");
    let socket = PathBuf::from(text(&client, "show unix_socket_directories").await);
    assert!(!socket.starts_with(&dir.0), "{}", socket.display());
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&socket).expect("the socket's folder"));
    assert_eq!(mode & 0o777, 0o700);
    drop(postgres);
    fs::remove_dir(&socket).expect("a clean stop leaves the socket's folder empty");

    fs::write(deep.join("postgres/data/PG_VERSION"), "13\n").expect("another version");
    let refused = Postgres::start(settings).expect_err("a cluster of PostgreSQL 13");
    assert!(matches!(refused, Error::OtherVersion { made_by: 13, .. }), "{refused:?}");
}

#[test]
fn without_binaries_the_error_says_what_to_install() {
    let dir = Folder::new("pg");
    let empty = dir.0.join("bin");
    fs::create_dir_all(&empty).expect("an empty folder");
    let refused = Postgres::start(Settings { data_dir: dir.0.clone(), bin_dir: Some(empty) }).expect_err("no binaries");
    assert!(matches!(refused, Error::NoBinaries { .. }), "{refused:?}");
    for part in ["apt-get install postgresql", "brew install postgresql@17", "DOCKET_DATABASE_URL"] {
        assert!(refused.to_string().contains(part), "{part} is not in: {refused}");
    }
}

#[test]
fn as_root_a_closed_folder_on_the_way_is_named() {
    // SAFETY: geteuid takes nothing and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        return;
    }
    let dir = Folder::new("pg");
    fs::create_dir(&dir.0).expect("a folder");
    fs::set_permissions(&dir.0, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("closed");
    let refused = dir.start().expect_err("the server's user cannot get there");
    assert!(matches!(&refused, Error::Closed { folder, .. } if *folder == dir.0), "{refused:?}");
    assert!(refused.to_string().contains("PostgreSQL refuses to run as root"), "{refused}");
}
