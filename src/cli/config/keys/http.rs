//! Settings of connections, and quotas.

use super::{Setting, bytes, of};

pub(super) fn http() -> Vec<Setting> {
    vec![
        of(
            "http.max_connections",
            |s| &mut s.http.max_connections,
            "Maximum number of connections. Where the process may open fewer files, 128 of those (at most half) are kept for everything else.",
        )
        .not_zero().at_most(1_000_000),
        of(
            "http.max_connections_per_address",
            |s| &mut s.http.max_connections_per_address,
            "Maximum number of connections from one address, or from one /64 network of IPv6.",
        )
        .not_zero().at_most(1_000_000),
        of(
            "http.handshake_timeout",
            |s| &mut s.http.handshake_timeout,
            "How long a new connection may take to finish the TLS handshake and to send the HTTP/2 preface.",
        )
        .not_zero(),
        of(
            "http.idle_timeout",
            |s| &mut s.http.idle_timeout,
            "How long a connection may have no call before it is closed. Open streams and health watches are calls.",
        )
        .not_zero(),
        of(
            "http.slow_after",
            |s| &mut s.http.slow_after,
            "A call is reset if its client takes no part of the finished answer for this long, and a connection is closed if nothing at all can be sent on it. For activity streams, see also `streams.slow_after`.",
        )
        .not_zero(),
        of("http.max_concurrent_streams", |s| &mut s.http.max_concurrent_streams, "Maximum number of concurrent calls per connection.")
            .not_zero().at_most(100_000),
        of(
            "http.max_pending_accept_reset_streams",
            |s| &mut s.http.max_pending_accept_reset_streams,
            "Maximum number of calls that a client resets before they are accepted; beyond it, the connection is closed.",
        )
        .not_zero().at_most(100_000),
        bytes("http.max_metadata_bytes", |s| &mut s.http.max_header_list_bytes, "Maximum size of the metadata of a request. More than four times as much is cut off with HTTP status 431.").at_most(1 << 20),
        of(
            "http.keepalive_interval",
            |s| &mut s.http.keepalive_interval,
            "Idle time after which a connection is checked with an HTTP/2 ping.",
        )
        .not_zero(),
        of("http.keepalive_timeout", |s| &mut s.http.keepalive_timeout, "How long to wait for the answer to a ping before the connection is closed.")
            .not_zero(),
        of("http.drain", |s| &mut s.http.drain, "How long running calls may take to finish at shutdown."),
    ]
}

pub(super) fn quotas() -> Vec<Setting> {
    vec![
        of("quotas.calls", |s| &mut s.quotas.calls, "Calls per second of a tenant, on each server; 0 = no limit."),
        of("quotas.writes", |s| &mut s.quotas.writes, "Writes per second of a tenant, on each server; 0 = no limit."),
        of(
            "quotas.bytes",
            |s| &mut s.quotas.bytes,
            "Bytes of requests per second of a tenant, on each server; 0 = no limit. Beyond a quota, calls fail with RESOURCE_EXHAUSTED, QUOTA_EXCEEDED.",
        ),
    ]
}
