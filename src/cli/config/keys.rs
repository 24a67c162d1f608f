//! Table of all settings, in the order of the reference.

mod http;

use std::sync::LazyLock;
use std::time::Duration;

use self::http::{http, quotas};
pub use super::setting::Setting;
use super::setting::{bytes, of};
use super::token_keys::tokens;

/// All settings.
pub fn all() -> &'static [Setting] {
    static ALL: LazyLock<Vec<Setting>> = LazyLock::new(|| {
        let tables =
            [server(), tokens(), database(), journal(), reads(), streams(), http(), quotas(), limits(), telemetry()];
        tables.into_iter().flatten().collect()
    });
    &ALL
}

/// The setting with this key.
pub fn find(key: &str) -> Option<&'static Setting> {
    all().iter().find(|setting| setting.key == key)
}

/// Whether the key is a section, with settings below it.
pub fn is_section(key: &str) -> bool {
    all().iter().any(|setting| setting.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

fn server() -> Vec<Setting> {
    vec![
        of(
            "listen",
            |s| &mut s.listen,
            "Address that serves the API. An address beyond loopback requires `tls.cert` or `insecure_plaintext`.",
        ),
        of(
            "metrics_listen",
            |s| &mut s.metrics_listen,
            "Address that serves `/metrics`, `/healthz` and `/readyz`, in plain text and without a token. An address beyond loopback requires `metrics_public`.",
        ),
        of(
            "metrics_public",
            |s| &mut s.metrics_public,
            "Allows `metrics_listen` beyond loopback. Anyone who can connect to it can read how often each method is called and whether the server is ready.",
        ),
        of(
            "insecure_plaintext",
            |s| &mut s.insecure_plaintext,
            "Allows `listen` beyond loopback without TLS, where something else encrypts: a mesh, or a proxy on the same machine.",
        ),
        of(
            "reflection",
            |s| &mut s.reflection,
            "Serves gRPC reflection (the descriptors of all services), without a token.",
        ),
        of("threads", |s| &mut s.threads, "Worker threads for calls and streams; 0 = half of the processors.")
            .at_most(1_024),
        of(
            "workflows",
            |s| &mut s.workflows,
            "Folder of workflow files. They are published at startup and by ReloadWorkflows.",
        ),
        of(
            "page_token_secret_file",
            |s| &mut s.page_token_secret_file,
            "File with at least 32 secret bytes, which authenticate page tokens. It must be the same on all servers of an installation.",
        ),
        of("tls.cert", |s| &mut s.tls.cert, "Certificate chain of the server, PEM."),
        of("tls.key", |s| &mut s.tls.key, "Private key of the certificate, PEM."),
        of(
            "tls.client_ca",
            |s| &mut s.tls.client_ca,
            "CA certificate, PEM. If set, clients must present a certificate signed by it, in addition to their token.",
        ),
        of(
            "tls.client_identities",
            |s| &mut s.tls.client_identities,
            "YAML file that says which caller a client certificate is, if a call has no token: a list of `identity` (a URI such as a SPIFFE id, or a DNS name, of the certificate, exactly), `tenant`, `sub`, `roles` and, if limited to one, `app`.",
        ),
    ]
}

fn database() -> Vec<Setting> {
    vec![
        of(
            "database.url",
            |s| &mut s.database.url,
            "PostgreSQL 14 or later: `postgres://docket_server:password@host/name?sslmode=verify-full&sslrootcert=/path/ca.pem`. `sslmode` is `disable` (the default) or `verify-full`. A host other than this machine requires `verify-full` or `database.insecure_plaintext`. The login must neither own the tables nor be a superuser.",
        ),
        of("database.url_file", |s| &mut s.database.url_file, "File that contains the URL, instead of `database.url`."),
        of(
            "database.migrator_url",
            |s| &mut s.database.migrator_url,
            "The same database with a login that may change tables: runs pending migrations at startup, and is not used after that. If not set, the server waits for `docket migrate`.",
        ),
        of(
            "database.migrator_url_file",
            |s| &mut s.database.migrator_url_file,
            "File that contains that URL, instead of `database.migrator_url`.",
        ),
        of(
            "database.insecure_plaintext",
            |s| &mut s.database.insecure_plaintext,
            "Allows a database on another host without TLS, where something else encrypts: a tunnel, a mesh, or a proxy.",
        ),
    ]
}

fn journal() -> Vec<Setting> {
    vec![
        of(
            "journal.lanes",
            |s| &mut s.journal.lanes,
            "Lanes that execute writes, each with two database connections; 0 = one per processor, at most 2.",
        )
        .at_most(256),
        of("journal.batch_commands", |s| &mut s.journal.batch_commands, "Maximum number of writes in a batch.")
            .not_zero()
            .at_most(10_000),
        bytes("journal.batch_bytes", |s| &mut s.journal.batch_bytes, "Maximum size of the requests in a batch.")
            .at_most(1 << 30),
        of(
            "journal.decide_for",
            |s| &mut s.journal.decide_for,
            "Time budget for executing a batch; the writes that remain wait for the next one.",
        )
        .not_zero(),
        of(
            "journal.tenant_commands",
            |s| &mut s.journal.tenant_commands,
            "Maximum number of queued writes per tenant; further ones fail with RESOURCE_EXHAUSTED.",
        )
        .not_zero()
        .at_most(1_000_000),
        of("journal.lane_commands", |s| &mut s.journal.lane_commands, "Maximum number of queued writes per lane.")
            .not_zero()
            .at_most(1_000_000),
        bytes("journal.lane_bytes", |s| &mut s.journal.lane_bytes, "Maximum size of the requests queued in a lane.")
            .at_most(4 << 30),
        of(
            "journal.patience",
            |s| &mut s.journal.patience,
            "How long writes wait for an unreachable database before they fail.",
        )
        .not_zero(),
    ]
}

fn reads() -> Vec<Setting> {
    vec![
        of("reads.connections", |s| &mut s.reads.size, "Maximum number of connections in the read pool.")
            .not_zero()
            .at_most(1_000),
        of("reads.per_tenant", |s| &mut s.reads.per_tenant, "Maximum number of them that one tenant uses at once.")
            .not_zero()
            .at_most(1_000),
        of("reads.wait", |s| &mut s.reads.wait, "How long a read waits for a free connection.").not_zero(),
        of("reads.statement_timeout", |s| &mut s.reads.statement_timeout, "Time limit of each statement of a read.")
            .not_zero(),
    ]
}

fn streams() -> Vec<Setting> {
    vec![
        of(
            "streams.per_tenant",
            |s| &mut s.streams.streams_per_tenant,
            "Maximum number of open streams per tenant and server; further ones fail with RESOURCE_EXHAUSTED.",
        )
        .not_zero().at_most(1_000_000),
        of(
            "streams.long_steps_at_once",
            |s| &mut s.streams.long_steps_at_once,
            "Maximum number of streams that read history in long steps at the same time; each holds a few steps in memory.",
        )
        .not_zero().at_most(1_000),
        of("streams.slow_after", |s| &mut s.streams.slow_after, "A stream is closed if its client takes no frame for this long.")
            .not_zero(),
        of(
            "streams.bookmark_every",
            |s| &mut s.streams.bookmark_every,
            "Maximum interval between bookmarks. Clients are promised 10s.",
        )
        .not_zero()
        .no_longer_than(Duration::from_secs(10)),
        of(
            "streams.poll_every",
            |s| &mut s.streams.poll_every,
            "How often the heads of all tenants with open streams are read.",
        )
        .not_zero(),
        of("streams.reads_at_once", |s| &mut s.streams.reads_at_once, "Maximum number of concurrent reads of the activity table, over all streams.")
            .not_zero().at_most(1_000),
        of(
            "streams.hints",
            |s| &mut s.hints,
            "Notifies other servers of commits with LISTEN and NOTIFY. If false, or behind a connection pooler that does not support them, commits of other servers are found by polling.",
        ),
    ]
}

fn limits() -> Vec<Setting> {
    vec![
        bytes("limits.message_bytes", |s| &mut s.limits.message_bytes, "Maximum size of a decoded request.")
            .at_most(64 << 20),
        of(
            "limits.subject_chars",
            |s| &mut s.limits.subject_chars,
            "Maximum number of characters in a ticket's subject or an issue's title.",
        )
        .not_zero()
        .at_most(10_000),
        bytes("limits.text_bytes", |s| &mut s.limits.text_bytes, "Maximum size of a description or a message body.")
            .at_most(4 << 20),
        of("limits.tags", |s| &mut s.limits.tags, "Maximum number of tags per ticket.").not_zero().at_most(1_000),
        of("limits.tag_chars", |s| &mut s.limits.tag_chars, "Maximum number of characters in a tag.")
            .not_zero()
            .at_most(1_000),
        of("limits.custom_fields", |s| &mut s.limits.custom_fields, "Maximum number of custom fields per ticket.")
            .not_zero()
            .at_most(1_000),
        bytes(
            "limits.custom_bytes",
            |s| &mut s.limits.custom_bytes,
            "Maximum size of a ticket's custom fields, as JSON.",
        )
        .at_most(1 << 20),
        of(
            "limits.batch",
            |s| &mut s.limits.batch,
            "Maximum number of requests in a batch, and of tickets in BatchGetTickets.",
        )
        .not_zero()
        .at_most(10_000),
        of(
            "limits.revocations",
            |s| &mut s.limits.revocations,
            "Maximum number of revocations of a tenant, and of an operator for all tenants. One counts for as long as a token that it concerns could live.",
        )
        .not_zero()
        .at_most(100_000),
    ]
}

fn telemetry() -> Vec<Setting> {
    vec![
        of(
            "log",
            |s| &mut s.log,
            "Log filter, such as `info,docket::journal=debug`. If unset, `RUST_LOG` applies, then `info`.",
        ),
        of("log_format", |s| &mut s.log_format, "`auto` is `human` on a terminal and `json` elsewhere."),
        of(
            "otlp.endpoint",
            |s| &mut s.otlp.endpoint,
            "OTLP/gRPC endpoint for traces: `http://collector:4317`, or `https://…` with a certificate signed by a CA of the system (or of `SSL_CERT_FILE`). If unset, no traces are recorded.",
        ),
        of(
            "otlp.sample_ratio",
            |s| &mut s.otlp.sample_ratio,
            "Share of the calls without `traceparent` that are traced. For others, its sampled flag decides.",
        ),
        of(
            "otlp.metrics",
            |s| &mut s.otlp.metrics,
            "Also sends metrics to the endpoint. `/metrics` serves them in any case.",
        ),
        of("otlp.metrics_every", |s| &mut s.otlp.metrics_every, "Interval at which metrics are sent.").not_zero(),
    ]
}
