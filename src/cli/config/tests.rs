use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;

/// A folder with the files that a good configuration names.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let folder = std::env::temp_dir().join(format!("docket-config-{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir_all(folder.join("rules")).expect("a folder");
        let files = Folder(folder);
        files.write("keys.pem", KEY);
        files.write("secret", &"s".repeat(32));
        files
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("written");
        self.open_to(name, 0o600);
        path
    }

    fn open_to(&self, name: &str, mode: u32) {
        std::fs::set_permissions(self.0.join(name), std::fs::Permissions::from_mode(mode)).expect("its mode");
    }

    /// The least that is needed, and these lines.
    fn config(&self, more: &str) -> PathBuf {
        let here = self.0.display();
        self.write(
            "docket.yaml",
            &format!(
                "tokens: {{keys: [{here}/keys.pem]}}\npage_token_secret_file: {here}/secret\n\
                 database: {{url: postgres://localhost/docket}}\n{more}"
            ),
        )
    }

    fn load(&self, more: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Ready, Vec<String>> {
        self.load_file(Some(self.config(more)), environment, flags)
    }

    fn load_file(
        &self,
        file: Option<PathBuf>,
        environment: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Ready, Vec<String>> {
        let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
        let sources = Sources { file, environment: own(environment), flags: own(flags) };
        let here = format!("{}/", self.0.display());
        sources.ready().map_err(|problems| problems.iter().map(|p| p.to_string().replace(&here, "")).collect())
    }

    fn refused(&self, more: &str) -> Vec<String> {
        self.load(more, &[], &[]).err().expect("it is refused")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("the folder is there");
    }
}

/// An Ed25519 key that nobody has the other half of.
const KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEACoH9NNe+G/BbhfeP31T07h9BF01ByhbMSto5JCvdmpc=
-----END PUBLIC KEY-----
";

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = Folder::new();
    let file = "journal: {lanes: 1, patience: 5s}\nstreams.reads_at_once: 8\n";
    let lanes = |environment: &[(&str, &str)], flags: &[(&str, &str)]| {
        folder.load(file, environment, flags).map(|ready| ready.settings.journal.lanes).expect("a configuration")
    };
    assert_eq!(lanes(&[], &[]), 1);
    assert_eq!(lanes(&[("DOCKET_JOURNAL_LANES", "2")], &[]), 2);
    assert_eq!(lanes(&[("DOCKET_JOURNAL_LANES", "")], &[]), 1, "an empty variable is none");
    assert_eq!(lanes(&[("DOCKET_JOURNAL_LANES", "2")], &[("journal.lanes", "3"), ("journal.lanes", "4")]), 4);
    let settings = folder.load(file, &[], &[]).expect("a configuration").settings;
    assert_eq!((settings.journal.patience, settings.streams.reads_at_once), (Duration::from_secs(5), 8));
    assert_eq!(settings.journal.batch_commands, 256, "the rest is as it was");
}

#[test]
fn everything_can_come_from_the_environment() {
    let folder = Folder::new();
    let (keys, secret) = (folder.0.join("keys.pem"), folder.0.join("secret"));
    let environment = [
        ("DOCKET_TOKENS_KEYS", keys.to_str().expect("text")),
        ("DOCKET_PAGE_TOKEN_SECRET_FILE", secret.to_str().expect("text")),
        ("DOCKET_DATABASE_URL", "postgres://localhost/docket"),
        ("DOCKET_SERVICE_HOST", "10.0.0.1"),
        ("DOCKET_TOKEN", "of the client"),
    ];
    let ready =
        folder.load_file(None, &environment, &[]).map_err(|problems| problems.join("\n")).expect("it is enough");
    assert_eq!((ready.trust.keys.len(), ready.database_url.as_str()), (1, "postgres://localhost/docket"));
    let slip = [&environment[..], &[("DOCKET_LISTENN", "0.0.0.0:1")]].concat();
    let refused = folder.load_file(None, &slip, &[]).err().expect("a slip");
    assert_eq!(refused, ["environment DOCKET_LISTENN: error: unknown setting\n  fix: did you mean `DOCKET_LISTEN`?"]);
}

#[test]
fn all_that_is_wrong_with_a_file_is_told_at_once_with_its_place() {
    let folder = Folder::new();
    let found = folder.refused(
        "lisen: 0.0.0.0:50051\njournal:\n  lanes: many\n  batch_bytes: 4MB\n  patients: 3s\nreads: 4\nlog:\nhttp: {drain: [1s]}\n\
         data_dir: .docket\nstreams: {reads_at_once: 0}\n",
    );
    let told: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "docket.yaml:4:1: error: unknown setting `lisen`\n  fix: did you mean `listen`?",
            "docket.yaml:6:10: error: invalid value \"many\" for `journal.lanes`\n  fix: write a whole number",
            "docket.yaml:7:16: error: invalid value \"4MB\" for `journal.batch_bytes`\n  \
             fix: write a number of bytes, or one with KiB, MiB or GiB, like 4MiB",
            "docket.yaml:8:3: error: unknown setting `journal.patients`\n  fix: did you mean `journal.patience`?",
            "docket.yaml:9:8: error: `reads` is a section, not a setting\n  fix: write settings below it, such as `connections:`",
            "docket.yaml:10:1: error: `log` has no value\n  fix: set one, or remove the key",
            "docket.yaml:11:15: error: `http.drain` takes a single value\n  fix: the type of `http.drain` is duration",
            "docket.yaml:12:1: error: unknown setting `data_dir`\n  \
             fix: `docket dev` keeps its own database there; `docket serve` takes `database.url`",
            "docket.yaml:13:26: error: invalid value \"0\" for `streams.reads_at_once`\n  fix: the value must be greater than 0",
        ]
    );
}

#[test]
fn an_empty_configuration_tells_what_a_server_needs() {
    let folder = Folder::new();
    let found = folder.load_file(None, &[], &[]).err().expect("it is not enough").join("\n");
    for needed in ["`tokens.keys` is not set", "`page_token_secret_file` is not set", "`database.url` is not set"] {
        assert!(found.contains(needed), "{needed} is not in\n{found}");
    }
}

#[test]
fn unsafe_settings_are_refused_with_what_to_do() {
    let folder = Folder::new();
    let found = folder.refused("listen: 0.0.0.0:50051\n");
    assert!(
        found[0].starts_with("docket.yaml:4:9: error: calls to 0.0.0.0:50051 would be in plain text"),
        "{}",
        found[0]
    );
    assert!(found[0].contains("insecure_plaintext: true"));
    let meant = folder.load("listen: 0.0.0.0:50051\ninsecure_plaintext: true\n", &[], &[]);
    assert!(meant.is_ok_and(|ready| ready.tls.is_none() && !ready.settings.reflection));
    for public in ["0.0.0.0:9464", "[::]:9464", "10.0.0.7:9464"] {
        let metrics = format!("metrics_listen: '{public}'\n");
        let found = folder.refused(&metrics);
        assert!(found.len() == 1 && found[0].contains("could read the metrics"), "{found:?}");
        assert!(folder.load(&format!("{metrics}metrics_public: true\n"), &[], &[]).is_ok());
    }
    folder.open_to("secret", 0o644);
    assert!(folder.refused("")[0].contains("secret: everybody on this machine can read it\n  fix: chmod 600 "));
    folder.open_to("secret", 0o640);
    assert!(folder.load("", &[], &[]).is_ok(), "a group may, as in a mounted secret");
    let nonsense = folder.refused("threads: 100000\nlimits: {message_bytes: 100GiB}\nreads: {connections: 5000}\n");
    assert!(nonsense[0].contains("at most 1024") && nonsense[1].contains("at most 64MiB"), "{nonsense:?}");
    assert_eq!(nonsense.len(), 3);
    folder.write("secret", "short");
    assert!(folder.refused("")[0].contains("has 5 bytes"));
    folder.write("keys.pem", "no key");
    assert!(folder.refused("")[0].contains("no PEM block"));
}

#[test]
fn a_database_across_a_network_needs_tls_or_a_word() {
    let folder = Folder::new();
    let url = |url| [("DOCKET_DATABASE_URL", url)];
    let found = folder.load("listen: 0.0.0.0:50051\n", &url("postgres://ann:hunter2@db.example.com/docket"), &[]);
    let found = found.err().expect("it is refused");
    assert_eq!(found.len(), 2, "with whatever else is unsafe: {found:?}");
    assert!(
        found[0].contains("the database at db.example.com in plain text") && !found[0].contains("hunter2"),
        "{found:?}"
    );
    let told = [("database.insecure_plaintext", "true")];
    assert!(folder.load("", &url("postgres://db/docket"), &told).is_ok());
    for near in ["postgres://127.0.0.1/docket", "postgres://[::1]/docket", "host=/run/postgresql user=docket"] {
        assert!(folder.load("", &url(near), &[]).is_ok(), "{near}");
    }
}

#[test]
fn limits_that_cannot_be_meant_are_refused() {
    let folder = Folder::new();
    for (line, most) in [
        ("streams: {bookmark_every: 11s}", "10s"),
        ("limits: {batch: 1000000}", "10000"),
        ("limits: {text_bytes: 1GiB}", "4MiB"),
        ("http: {max_metadata_bytes: 1GiB}", "1MiB"),
        ("journal: {lane_bytes: 1000GiB}", "4GiB"),
    ] {
        let found = folder.refused(&format!("{line}\n"));
        assert!(found.len() == 1 && found[0].contains(&format!("at most {most}")), "{line}: {found:?}");
    }
}

#[test]
fn settings_that_contradict_each_other_are_told_with_both_places() {
    let folder = Folder::new();
    let both = folder.load("", &[("DOCKET_DATABASE_URL_FILE", "/nowhere")], &[]).err().expect("two databases");
    assert_eq!(
        both,
        [
            "environment DOCKET_DATABASE_URL_FILE: error: `database.url_file` and `database.url` (docket.yaml:3:17) are both set\n  \
          fix: remove one"
        ]
    );
    for (lines, told) in [
        ("tls: {cert: a.pem}\n", "`tls.cert` is set and `tls.key` is not"),
        ("tls: {key: a.pem}\n", "`tls.key` is set and `tls.cert` is not"),
        ("tls: {client_ca: a.pem}\n", "`tls.client_ca` is set and `tls.cert` is not"),
        ("tls: {cert: a.pem, key: b.pem}\ninsecure_plaintext: true\n", "are mutually exclusive"),
        ("metrics_listen: 127.0.0.1:50051\n", "is the same address as `listen`"),
        ("otlp: {metrics: true}\n", "`otlp.endpoint` is not"),
        ("log: info\nlog: warn\n", "stands here twice"),
        ("journal: {lanes: 1}\njournal.lanes: 2\n", "`journal.lanes` is set twice"),
    ] {
        let found = folder.refused(lines).join("\n");
        assert!(found.contains(told), "{told} is not in\n{found}");
    }
}

#[test]
fn rules_that_do_not_compile_are_told_with_their_place() {
    let folder = Folder::new();
    folder.write("rules/bad.yaml", "name: bad\non: ticket.craeted\ndo:\n  - tag: {add: [x]}\n");
    let found = folder.refused(&format!("workflows: {}/rules\n", folder.0.display()));
    assert!(found[0].starts_with("rules/bad.yaml:2:5: error: there is no event"), "{}", found[0]);
}

#[test]
fn a_password_is_in_no_message() {
    let folder = Folder::new();
    for url in ["postgres://ann:hunter2@db:port/x", "postgres://ann:hunter2@db/x?sslmode=require"] {
        for (environment, flags) in
            [(&[("DOCKET_DATABASE_URL", url)][..], &[][..]), (&[], &[("database.url", url), ("database.ur", url)])]
        {
            let found = folder.load_file(None, environment, flags).err().expect("it is refused").join("\n");
            assert!(found.contains("database.url") && !found.contains("hunter2"), "{found}");
        }
    }
}

#[test]
fn each_section_of_the_reference_has_a_title_of_its_own() {
    let page = reference::page();
    let titles: Vec<&str> = page.lines().filter(|line| line.starts_with("## ")).collect();
    let distinct: std::collections::BTreeSet<&&str> = titles.iter().collect();
    assert_eq!(distinct.len(), titles.len(), "{titles:?}");
}

#[test]
fn the_page_of_the_documentation_is_the_reference() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(page == reference::page(), "docs/configuration.md is old: docket config reference > docs/configuration.md");
}

#[test]
fn each_setting_has_one_key_one_variable_and_a_default_that_reads_back() {
    let mut variables: Vec<String> = keys::all().iter().map(keys::Setting::environment).collect();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), keys::all().len());
    for setting in keys::all() {
        let text = setting.default();
        if !text.is_empty() && text != "0" {
            let mut settings = Settings::default();
            assert_eq!(setting.set(&mut settings, &text), Ok(()), "{}", setting.key);
        }
    }
}
