//! `docket doctor`: diagnoses an installation from a machine on which a server would run.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use diesel_async::AsyncPgConnection;

use super::config::{self, Settings};
use crate::postgres;
use crate::store::{self, doctor};
use crate::workflow::RuleSet;

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Configuration file of `docket serve`; environment variables apply too
    #[arg(long, env = "DOCKET_CONFIG")]
    config: Option<PathBuf>,
    /// Examine the running `docket dev` of this data folder instead of what is configured
    #[arg(long, value_name = "DIR", conflicts_with = "set")]
    data_dir: Option<PathBuf>,
    /// Override a setting, as in `docket serve --set`
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = config::parse_set)]
    set: Vec<(String, String)>,
    /// Number of servers that will use this database
    #[arg(long, default_value_t = 1)]
    servers: u32,
    /// Output format
    #[arg(short, long, default_value = "table")]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum Grade {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
struct Finding {
    check: &'static str,
    grade: Grade,
    found: String,
    /// How to fix it; '' if the check passed.
    fix: String,
}

fn ok(check: &'static str, found: impl Into<String>) -> Finding {
    Finding { check, grade: Grade::Ok, found: found.into(), fix: String::new() }
}

fn warn(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { check, grade: Grade::Warn, found: found.into(), fix: fix.into() }
}

fn fail(check: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding { check, grade: Grade::Fail, found: found.into(), fix: fix.into() }
}

/// Prints all findings. Exit code 1 if a check failed.
pub fn run(args: DoctorArgs) -> ExitCode {
    let runtime = match super::server::runtime(1) {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("docket: cannot start a thread: {error}");
            return ExitCode::FAILURE;
        }
    };
    let findings = runtime.block_on(examine(&args));
    let failed = findings.iter().any(|finding| finding.grade == Grade::Fail);
    match print(&findings, args.output, &mut io::stdout().lock()) {
        Ok(()) if !failed => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn print(findings: &[Finding], output: Output, out: &mut impl Write) -> io::Result<()> {
    if output == Output::Json {
        serde_json::to_writer_pretty(&mut *out, findings)?;
        return writeln!(out);
    }
    for Finding { check, grade, found, fix } in findings {
        let grade = match grade {
            Grade::Ok => "ok  ",
            Grade::Warn => "warn",
            Grade::Fail => "FAIL",
        };
        writeln!(out, "{grade}  {check:<14} {}", found.replace('\n', "\n                      "))?;
        if !fix.is_empty() {
            writeln!(out, "                      fix: {fix}")?;
        }
    }
    let count = |grade| findings.iter().filter(|finding| finding.grade == grade).count();
    writeln!(out, "{} ok, {} warnings, {} failed", count(Grade::Ok), count(Grade::Warn), count(Grade::Fail))
}

/// The settings of a server, and where its database is.
fn configured(args: &DoctorArgs, findings: &mut Vec<Finding>) -> (Settings, Option<String>) {
    match config::load(args.config.as_deref(), args.set.clone()) {
        Ok(ready) => {
            findings.push(ok("configuration", format!("valid; {} trusted token keys", ready.trust.keys.len())));
            (ready.settings, Some(ready.database_url))
        }
        Err(problems) => {
            findings.extend(problems.iter().map(|problem| {
                let place = problem.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
                fail("configuration", format!("{place}{}", problem.message), problem.hint.clone())
            }));
            config::partly(args.config.as_deref(), args.set.clone())
        }
    }
}

async fn examine(args: &DoctorArgs) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (settings, url) = match &args.data_dir {
        Some(folder) => match postgres::running(folder, postgres::NAME) {
            Some(url) => (Settings::default(), Some(url)),
            None => {
                let found = format!("no database runs in {}", folder.display());
                let fix = format!("start `docket dev --data-dir {}`; run this as the same user", folder.display());
                findings.push(fail("connection", found, fix));
                return findings;
            }
        },
        None => configured(args, &mut findings),
    };
    let Some(url) = url else { return findings };
    let mut conn = match store::pool::connect(&url).await {
        Ok(conn) => conn,
        Err(error) => {
            findings.push(fail(
                "connection",
                error.to_string(),
                "check database.url, and that PostgreSQL accepts connections from this machine (pg_hba.conf)",
            ));
            return findings;
        }
    };
    if let Err(error) = database(&mut conn, &settings, args.servers, &mut findings).await {
        findings.push(fail("database", error.to_string(), "grant the role SELECT on all of Docket's tables"));
    }
    findings
}

async fn database(
    conn: &mut AsyncPgConnection,
    settings: &Settings,
    servers: u32,
    findings: &mut Vec<Finding>,
) -> Result<(), diesel::result::Error> {
    let before = SystemTime::now();
    let server = doctor::server(conn).await?;
    let clock = clock(before, SystemTime::now(), server.now.0);
    findings.extend(connection(&server));
    findings.push(clock);
    let names =
        ["fsync", "full_page_writes", "synchronous_commit", "max_connections", "superuser_reserved_connections"];
    let set = doctor::settings(conn, &names).await?;
    let of = |name: &str| set.get(name).map(String::as_str).unwrap_or_default();
    findings.push(durable(of("fsync"), of("full_page_writes"), of("synchronous_commit")));
    let number = |name| of(name).parse::<i64>().unwrap_or_default();
    let free = number("max_connections") - number("superuser_reserved_connections");
    findings.push(connections(free, i64::from(servers), connections_per_server(settings), server.others));
    match store::migrate::check(conn).await {
        Ok(()) => findings.push(ok("schema", "up to date")),
        Err(error) => {
            findings.push(fail("schema", error.to_string(), "docket migrate"));
            return Ok(());
        }
    }
    findings.extend(wall(store::wall::objections(conn).await?));
    findings.extend(logs(&doctor::sample(conn, TENANTS, DEPTH).await?));
    findings.push(rules(doctor::active_rules(conn).await?));
    Ok(())
}

/// Number of tenants whose logs are checked, and of activities per tenant.
const TENANTS: i64 = 20;
const DEPTH: i64 = 1_000;

fn connection(server: &doctor::Server) -> Vec<Finding> {
    let version = format!("PostgreSQL {}.{}", server.version / 10_000, server.version % 10_000);
    let mut findings = vec![match server.version / 10_000 {
        14.. => ok("connection", version),
        _ => fail("connection", version, "upgrade PostgreSQL to version 14 or later"),
    }];
    match (server.encrypted, server.local) {
        (true, _) => findings.push(ok("encryption", "TLS with a verified server certificate")),
        (false, true) => findings.push(ok("encryption", "none; the database is on this machine")),
        (false, false) => {
            let fix =
                "add sslmode=verify-full&sslrootcert=/path/to/ca.pem to database.url, unless something else encrypts";
            findings.push(warn("encryption", "none; the database is on another machine", fix));
        }
    }
    if server.recovering {
        findings.push(fail(
            "primary",
            "the server is a standby, which is read-only",
            "set database.url to the primary",
        ));
    }
    if server.encoding != "UTF8" {
        let fix = "recreate the database with ENCODING 'UTF8'";
        findings.push(fail("encoding", format!("the database encoding is {}", server.encoding), fix));
    }
    findings
}

/// Whether the login is bound by row-level security, and the tables have it.
fn wall(objections: Vec<(String, &'static str)>) -> Vec<Finding> {
    if objections.is_empty() {
        return vec![ok("role", "owns nothing, and sees the rows of the tenants of its transaction only")];
    }
    objections.into_iter().map(|(found, fix)| fail("role", found, fix)).collect()
}

/// `theirs` is the database's clock, in microseconds since 1970, read between `before` and `after`.
fn clock(before: SystemTime, after: SystemTime, theirs: i64) -> Finding {
    let micros =
        |at: SystemTime| at.duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
    let (before, after) = (micros(before), micros(after));
    // A difference that the round trip may explain is not skew.
    let skew = if theirs < before { before - theirs } else { (theirs - after).max(0) };
    let found = format!("this machine's clock and the database's differ by at least {} ms", skew / 1_000);
    let fix = "run an NTP client on both: call deadlines and token expiry depend on this machine's clock";
    match skew {
        30_000_000.. => fail("clocks", found, fix),
        1_000_000.. => warn("clocks", found, fix),
        _ => ok("clocks", "this machine's clock and the database's agree to within a second"),
    }
}

fn durable(fsync: &str, pages: &str, commit: &str) -> Finding {
    let lossy: Vec<String> =
        [("fsync", fsync, "off"), ("full_page_writes", pages, "off"), ("synchronous_commit", commit, "off")]
            .iter()
            .filter(|(_, is, bad)| is == bad)
            .map(|(name, is, _)| format!("{name} = {is}"))
            .collect();
    match lossy.is_empty() {
        true => ok("durability", format!("fsync, full_page_writes, synchronous_commit = {commit}")),
        false => fail("durability", lossy.join(", "), "turn them on: a crash could lose acknowledged writes"),
    }
}

/// Maximum number of connections that one server opens.
fn connections_per_server(settings: &Settings) -> i64 {
    let (lanes, lookups) = (2 * settings.journal.lane_count(), 2);
    let (timers, projections, revocations, probe) = (1, 1, 1, 1);
    let others = lookups + timers + projections + revocations + probe + usize::from(settings.hints);
    let number = lanes + others + settings.reads.size;
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn connections(free: i64, servers: i64, each: i64, others: i64) -> Finding {
    let found =
        format!("{servers} server(s) open up to {each} each; PostgreSQL allows {free}, and {others} are in use now");
    if servers * each > free {
        return fail("connections", found, "raise max_connections, or lower reads.connections");
    }
    // A rolling upgrade runs one additional server.
    match (servers + 1) * each > free {
        true => warn("connections", found, "raise max_connections: a rolling upgrade needs room for one more server"),
        false => ok("connections", found),
    }
}

fn logs(samples: &[doctor::Sample]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let fix =
        "stop all writes and restore from a backup (docs/backup.md); then report it: Docket never produces such a log";
    for s in samples {
        let mut wrong = Vec::new();
        if s.newest != s.position && s.position > s.floor {
            wrong.push(format!("its head is at {}, but its newest activity is {}", s.position, s.newest));
        }
        if s.found != s.expected {
            wrong.push(format!("of its last {} activities, only {} exist", s.expected, s.found));
        }
        if s.number > s.last_number {
            wrong.push(format!("a ticket has number {}, but its counter is at {}", s.number, s.last_number));
        }
        if !wrong.is_empty() {
            findings.push(fail("log", format!("tenant {}: {}", s.tenant_id, wrong.join("; ")), fix));
        }
    }
    if findings.is_empty() {
        let activities: i64 = samples.iter().map(|sample| sample.found).sum();
        findings
            .push(ok("log", format!("{activities} activities of the {} newest tenants, without a gap", samples.len())));
    }
    findings
}

fn rules(active: Option<(String, Vec<(String, String)>)>) -> Finding {
    let publish = "publish rules: set `workflows`, then start a server, or call ReloadWorkflows as an operator";
    match active {
        None => fail("rules", "the active rule set is not in the database", publish),
        Some((hash, _)) if hash.is_empty() => warn("rules", "no rules have been published", publish),
        Some((hash, sources)) => match RuleSet::from_sources(sources) {
            Ok(set) => {
                ok("rules", format!("{} rules are active ({})", set.rules().len(), hash.get(..12).unwrap_or_default()))
            }
            Err(found) => {
                let first = found.first().map(ToString::to_string).unwrap_or_default();
                fail("rules", format!("the active set does not compile in this version: {first}"), publish)
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn grade(findings: &[Finding]) -> Vec<Grade> {
        findings.iter().map(|finding| finding.grade).collect()
    }

    #[test]
    fn a_log_with_a_hole_or_a_head_that_runs_ahead_fails() {
        let good = doctor::Sample {
            tenant_id: "acme".into(),
            position: 5,
            floor: 0,
            last_number: 2,
            newest: 5,
            found: 5,
            expected: 5,
            number: 2,
        };
        assert_eq!(grade(&logs(std::slice::from_ref(&good))), [Grade::Ok]);
        for bad in [
            doctor::Sample { found: 4, ..good.clone() },
            doctor::Sample { newest: 4, ..good.clone() },
            doctor::Sample { number: 3, ..good.clone() },
        ] {
            let found = logs(&[good.clone(), bad]);
            assert_eq!(grade(&found), [Grade::Fail]);
            assert!(found[0].found.starts_with("tenant acme: "), "{}", found[0].found);
        }
        // Retention has removed everything.
        let kept_none = doctor::Sample { floor: 5, newest: 0, found: 0, expected: 0, ..good };
        assert_eq!(grade(&logs(&[kept_none])), [Grade::Ok]);
    }

    #[test]
    fn the_budget_counts_every_connection_of_a_server() {
        let mut settings = Settings::default();
        (settings.journal.lanes, settings.reads.size) = (3, 16);
        assert_eq!(connections_per_server(&settings), 6 + 2 + 1 + 1 + 1 + 1 + 16 + 1);
        settings.hints = false;
        assert_eq!(connections_per_server(&settings), 28, "no connection for hints");
    }

    #[test]
    fn settings_that_lose_writes_fail_and_so_do_too_few_connections() {
        assert_eq!(durable("on", "on", "remote_apply").grade, Grade::Ok);
        assert!(durable("off", "on", "off").found.contains("fsync = off, synchronous_commit = off"));
        assert_eq!(connections(97, 2, 23, 4).grade, Grade::Ok);
        assert_eq!(connections(97, 4, 23, 4).grade, Grade::Warn);
        assert_eq!(connections(97, 5, 23, 4).grade, Grade::Fail);
    }

    #[test]
    fn only_what_the_round_trip_does_not_explain_is_skew() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let second = 1_000_000;
        assert_eq!(clock(at(100), at(104), 102 * second).grade, Grade::Ok);
        assert_eq!(clock(at(100), at(100), 102 * second).grade, Grade::Warn);
        assert_eq!(clock(at(100), at(100), 60 * second).grade, Grade::Fail);
    }
}
