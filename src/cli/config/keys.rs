//! The table of all settings, in the order of the reference.

use std::sync::LazyLock;

use super::Settings;
use super::value::{Value, read_bytes, show_bytes};

pub struct Setting {
    /// As in the file, with a dot for each level: `journal.lanes`.
    pub key: &'static str,
    pub kind: &'static str,
    /// One or two sentences.
    pub meaning: &'static str,
    set: Box<Set>,
    show: Box<dyn Fn(&mut Settings) -> String + Send + Sync>,
}

impl Setting {
    /// `DOCKET_JOURNAL_LANES`.
    pub fn environment(&self) -> String {
        format!("DOCKET_{}", self.key.replace('.', "_").to_uppercase())
    }

    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        (self.set)(settings, text)
    }

    /// '' where nothing is set by default.
    pub fn default(&self) -> String {
        (self.show)(&mut Settings::default())
    }

    /// Refuses 0, which would mean that nothing works.
    fn not_zero(self) -> Setting {
        let Setting { key, kind, meaning, set, show } = self;
        let checked = move |settings: &mut Settings, text: &str| match text.trim_matches(|c: char| !c.is_ascii_digit())
        {
            digits if !digits.is_empty() && digits.bytes().all(|byte| byte == b'0') => {
                Err("it must be more than 0".into())
            }
            _ => set(settings, text),
        };
        Setting { key, kind, meaning, set: Box::new(checked), show }
    }
}

type Set = dyn Fn(&mut Settings, &str) -> Result<(), String> + Send + Sync;

/// Where in the settings a value stands.
type At<T> = fn(&mut Settings) -> &mut T;

fn of<T: Value + 'static>(key: &'static str, at: At<T>, meaning: &'static str) -> Setting {
    let set = move |settings: &mut Settings, text: &str| {
        *at(settings) = T::read(text)?;
        Ok(())
    };
    Setting { key, kind: T::KIND, meaning, set: Box::new(set), show: Box::new(move |settings| at(settings).show()) }
}

fn bytes<T>(key: &'static str, at: At<T>, meaning: &'static str) -> Setting
where
    T: TryFrom<u64> + TryInto<u64> + Copy + 'static,
{
    let set = move |settings: &mut Settings, text: &str| {
        *at(settings) = T::try_from(read_bytes(text)?).map_err(|_| "it is too large".to_owned())?;
        Ok(())
    };
    let show = move |settings: &mut Settings| show_bytes((*at(settings)).try_into().unwrap_or_default());
    Setting { key, kind: "size", meaning, set: Box::new(set), show: Box::new(show) }.not_zero()
}

/// All of them.
pub fn all() -> &'static [Setting] {
    static ALL: LazyLock<Vec<Setting>> = LazyLock::new(|| {
        let tables = [server(), tokens(), database(), journal(), reads(), streams(), http(), limits(), telemetry()];
        tables.into_iter().flatten().collect()
    });
    &ALL
}

/// The setting of this key.
pub fn find(key: &str) -> Option<&'static Setting> {
    all().iter().find(|setting| setting.key == key)
}

/// Whether settings stand below this key.
pub fn is_section(key: &str) -> bool {
    all().iter().any(|setting| setting.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

fn server() -> Vec<Setting> {
    vec![
        of(
            "listen",
            |s| &mut s.listen,
            "Where calls are taken. Beyond loopback it needs `tls.cert`, or `insecure_plaintext`.",
        ),
        of(
            "metrics_listen",
            |s| &mut s.metrics_listen,
            "Where `/metrics`, `/healthz` and `/readyz` are, in plain text.",
        ),
        of(
            "insecure_plaintext",
            |s| &mut s.insecure_plaintext,
            "Takes calls beyond loopback without TLS, for where something else encrypts them: a mesh, a proxy on this machine.",
        ),
        of(
            "reflection",
            |s| &mut s.reflection,
            "Lets clients ask for the descriptors of the services, without a token.",
        ),
        of("threads", |s| &mut s.threads, "Threads that serve calls and streams; 0 = half of the processors."),
        of(
            "workflows",
            |s| &mut s.workflows,
            "The folder of the rules. They are published when the server starts, and by ReloadWorkflows.",
        ),
        of(
            "page_token_secret_file",
            |s| &mut s.page_token_secret_file,
            "A file of at least 32 secret bytes that page tokens are authenticated with; the same for all servers of one installation.",
        ),
        of("tls.cert", |s| &mut s.tls.cert, "The server's certificate chain, PEM."),
        of("tls.key", |s| &mut s.tls.key, "The certificate's private key, PEM."),
        of(
            "tls.client_ca",
            |s| &mut s.tls.client_ca,
            "When given, clients must have a certificate of this authority, PEM. Their tokens are asked for all the same.",
        ),
    ]
}

fn tokens() -> Vec<Setting> {
    vec![
        of(
            "tokens.keys",
            |s| &mut s.tokens.keys,
            "Files of the public keys that tokens may be signed with: `.json` and `.jwks` are JWK sets, others PEM. Ed25519, P-256, or RSA of at least 2,048 bits.",
        ),
        of("tokens.issuer", |s| &mut s.tokens.issuer, "When given, a token must have it as `iss`."),
        of("tokens.audience", |s| &mut s.tokens.audience, "When given, a token must have it in `aud`."),
    ]
}

fn database() -> Vec<Setting> {
    vec![
        of(
            "database.url",
            |s| &mut s.database.url,
            "PostgreSQL 14 or later: `postgres://user:password@host/name?sslmode=verify-full&sslrootcert=/path/ca.pem`. `sslmode` is `disable` (the default) or `verify-full`.",
        ),
        of("database.url_file", |s| &mut s.database.url_file, "A file that holds the URL, instead of `database.url`."),
        of(
            "database.migrate",
            |s| &mut s.database.migrate,
            "Runs pending migrations when the server starts. Without it the server waits for `docket migrate`.",
        ),
    ]
}

fn journal() -> Vec<Setting> {
    vec![
        of(
            "journal.lanes",
            |s| &mut s.journal.lanes,
            "Lanes that write, each over two connections; 0 = one for each two processors, 2 at most.",
        ),
        of("journal.batch_commands", |s| &mut s.journal.batch_commands, "Writes in one batch.").not_zero(),
        bytes("journal.batch_bytes", |s| &mut s.journal.batch_bytes, "Bytes of messages in one batch."),
        of("journal.decide_for", |s| &mut s.journal.decide_for, "How long one batch may decide.").not_zero(),
        of(
            "journal.tenant_commands",
            |s| &mut s.journal.tenant_commands,
            "Writes of one tenant that may wait; more are RESOURCE_EXHAUSTED.",
        )
        .not_zero(),
        of("journal.lane_commands", |s| &mut s.journal.lane_commands, "Writes that may wait in one lane.").not_zero(),
        bytes("journal.lane_bytes", |s| &mut s.journal.lane_bytes, "Bytes of messages that may wait in one lane."),
        of(
            "journal.patience",
            |s| &mut s.journal.patience,
            "How long writes wait for a database that is away before their callers are told.",
        )
        .not_zero(),
    ]
}

fn reads() -> Vec<Setting> {
    vec![
        of("reads.connections", |s| &mut s.reads.size, "Connections for reads, at most.").not_zero(),
        of("reads.wait", |s| &mut s.reads.wait, "How long a read waits for a free connection.").not_zero(),
        of("reads.statement_timeout", |s| &mut s.reads.statement_timeout, "How long one statement of a read may run.")
            .not_zero(),
    ]
}

fn streams() -> Vec<Setting> {
    vec![
        of(
            "streams.per_tenant",
            |s| &mut s.streams.streams_per_tenant,
            "Streams of one tenant in one server; more are RESOURCE_EXHAUSTED.",
        )
        .not_zero(),
        of(
            "streams.long_steps_at_once",
            |s| &mut s.streams.long_steps_at_once,
            "Readers that may read the past in long steps at once; each holds a few in memory.",
        )
        .not_zero(),
        of("streams.slow_after", |s| &mut s.streams.slow_after, "A reader that takes no frame for so long is cut off.")
            .not_zero(),
        of(
            "streams.bookmark_every",
            |s| &mut s.streams.bookmark_every,
            "A bookmark follows at least this often; clients are promised 10s.",
        )
        .not_zero(),
        of(
            "streams.poll_every",
            |s| &mut s.streams.poll_every,
            "How often the heads of all tenants with readers are read.",
        )
        .not_zero(),
        of("streams.reads_at_once", |s| &mut s.streams.reads_at_once, "Reads of the table at once, over all readers.")
            .not_zero(),
        of(
            "streams.hints",
            |s| &mut s.hints,
            "Tells other servers of commits, over LISTEN and NOTIFY. Without it, and behind a pooler that cannot do it, polling alone finds them.",
        ),
    ]
}

fn http() -> Vec<Setting> {
    vec![
        of("http.max_concurrent_streams", |s| &mut s.http.max_concurrent_streams, "Calls at once on one connection.")
            .not_zero(),
        of(
            "http.max_pending_accept_reset_streams",
            |s| &mut s.http.max_pending_accept_reset_streams,
            "Calls that a client opened and reset before they were accepted; beyond it the connection ends.",
        )
        .not_zero(),
        bytes("http.max_metadata_bytes", |s| &mut s.http.max_header_list_bytes, "All metadata of a request."),
        of(
            "http.keepalive_interval",
            |s| &mut s.http.keepalive_interval,
            "A silent connection is asked for a sign of life this often.",
        )
        .not_zero(),
        of("http.keepalive_timeout", |s| &mut s.http.keepalive_timeout, "And ends when none comes in this time.")
            .not_zero(),
        of("http.drain", |s| &mut s.http.drain, "How long running calls may take to end when the server stops."),
    ]
}

fn limits() -> Vec<Setting> {
    vec![
        bytes("limits.message_bytes", |s| &mut s.limits.message_bytes, "A request, decoded."),
        of("limits.subject_chars", |s| &mut s.limits.subject_chars, "Characters of a subject or an issue's title.")
            .not_zero(),
        bytes("limits.text_bytes", |s| &mut s.limits.text_bytes, "A description, or the body of a message."),
        of("limits.tags", |s| &mut s.limits.tags, "Tags of a ticket.").not_zero(),
        of("limits.tag_chars", |s| &mut s.limits.tag_chars, "Characters of a tag.").not_zero(),
        of("limits.custom_fields", |s| &mut s.limits.custom_fields, "Custom fields of a ticket.").not_zero(),
        bytes("limits.custom_bytes", |s| &mut s.limits.custom_bytes, "All custom fields of a ticket, as JSON."),
        of("limits.batch", |s| &mut s.limits.batch, "Requests in one batch, and tickets in one BatchGetTickets.")
            .not_zero(),
    ]
}

fn telemetry() -> Vec<Setting> {
    vec![
        of(
            "log",
            |s| &mut s.log,
            "What is logged, as a filter: `info,docket::journal=debug`. Without it RUST_LOG counts, then `info`.",
        ),
        of("log_format", |s| &mut s.log_format, "`auto` is for people on a terminal, JSON elsewhere."),
        of(
            "otlp.endpoint",
            |s| &mut s.otlp.endpoint,
            "Where traces go, over OTLP and gRPC: `http://collector:4317`, or `https://…` to one that an authority of the system \
             (or of `SSL_CERT_FILE`) vouches for. Without it none are made.",
        ),
        of(
            "otlp.sample_ratio",
            |s| &mut s.otlp.sample_ratio,
            "How many of the calls that come without `traceparent` are traced. With one, its sampled flag says.",
        ),
        of("otlp.metrics", |s| &mut s.otlp.metrics, "Sends the metrics there, too. `/metrics` has them in any case."),
        of("otlp.metrics_every", |s| &mut s.otlp.metrics_every, "How often they are sent.").not_zero(),
    ]
}
