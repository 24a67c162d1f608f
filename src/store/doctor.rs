//! Queries of `docket doctor`. Read-only.

use std::collections::HashMap;

use diesel::prelude::{ExpressionMethods, QueryDsl, QueryableByName};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};

use super::sql::{Bind, Select, sql};
use super::{head, wall};
use crate::model::schema::rule_set;
use crate::model::time::Instant;

/// Who and where we are.
#[derive(QueryableByName, Clone, Debug)]
pub struct Server {
    /// As `server_version_num`: 150018.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    #[diesel(sql_type = Text)]
    pub encoding: String,
    #[diesel(sql_type = Bool)]
    pub encrypted: bool,
    /// Over a socket of the machine.
    #[diesel(sql_type = Bool)]
    pub local: bool,
    /// A standby: it takes no writes.
    #[diesel(sql_type = Bool)]
    pub recovering: bool,
    /// Connections of others, to any of the cluster's databases.
    #[diesel(sql_type = BigInt)]
    pub others: i64,
    #[diesel(sql_type = Timestamptz)]
    pub now: Instant,
}

const SERVER: &str = "
    SELECT current_setting('server_version_num')::int AS version,
           current_setting('server_encoding') AS encoding,
           coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
           inet_server_addr() IS NULL OR inet_server_addr() = inet_client_addr() AS local,
           pg_is_in_recovery() AS recovering,
           (SELECT sum(numbackends) - 1 FROM pg_stat_database)::bigint AS others,
           clock_timestamp() AS now";

pub async fn server(conn: &mut AsyncPgConnection) -> QueryResult<Server> {
    diesel::sql_query(SERVER).get_result(conn).await
}

/// These settings of the server, as it shows them.
pub async fn settings(conn: &mut AsyncPgConnection, names: &[&str]) -> QueryResult<HashMap<String, String>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        setting: String,
    }
    let query = diesel::sql_query("SELECT name, setting FROM pg_settings WHERE name = ANY($1)");
    let rows: Vec<Row> = query.bind::<Array<Text>, _>(names).load(conn).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.setting)).collect())
}

/// The end of one tenant's log, compared with its head.
#[derive(QueryableByName, Clone, Debug)]
pub struct Sample {
    #[diesel(sql_type = Text)]
    pub tenant_id: String,
    #[diesel(sql_type = BigInt)]
    pub position: i64,
    #[diesel(sql_type = BigInt)]
    pub floor: i64,
    #[diesel(sql_type = BigInt)]
    pub last_number: i64,
    /// 0 = none.
    #[diesel(sql_type = BigInt)]
    pub newest: i64,
    /// Activities looked at, and how many there should be.
    #[diesel(sql_type = BigInt)]
    pub found: i64,
    #[diesel(sql_type = BigInt)]
    pub expected: i64,
    /// The highest number of a ticket; 0 = none.
    #[diesel(sql_type = BigInt)]
    pub number: i64,
}

// One statement has one snapshot: writes meanwhile show in all of it or in none.
const SAMPLE: &str = "
    SELECT h.tenant_id, h.position, h.floor, h.last_number,
           coalesce((SELECT max(a.position) FROM activity a WHERE a.tenant_id = h.tenant_id), 0) AS newest,
           (SELECT count(*) FROM activity a
             WHERE a.tenant_id = h.tenant_id AND a.position > greatest(h.position - $2, h.floor)) AS found,
           greatest(h.position - greatest(h.position - $2, h.floor), 0) AS expected,
           coalesce((SELECT max(t.number) FROM ticket t WHERE t.tenant_id = h.tenant_id), 0) AS number
      FROM tenant_head h
     WHERE h.tenant_id = ANY($3)
     ORDER BY h.last_at DESC
     LIMIT $1";

/// The logs of the `tenants` that wrote last, `depth` activities of each.
pub async fn sample(conn: &mut AsyncPgConnection, tenants: i64, depth: i64) -> QueryResult<Vec<Sample>> {
    let sql = sql!["SELECT tenant_id FROM docket_logs() ORDER BY last_at DESC LIMIT ", Bind::Int(tenants)];
    let latest: Vec<String> = RunQueryDsl::load(Select::<Text>::new(sql, true), conn).await?;
    let latest: Vec<&str> = latest.iter().map(String::as_str).collect();
    conn.transaction(async |conn| {
        wall::set_tenants(conn, &latest).await?;
        let query = diesel::sql_query(SAMPLE).bind::<BigInt, _>(tenants).bind::<BigInt, _>(depth);
        query.bind::<Array<Text>, _>(&latest).load(conn).await
    })
    .await
}

/// The active set's hash and its sources; '' and none where none ever was. `None`: it is active and not there.
pub async fn active_rules(conn: &mut AsyncPgConnection) -> QueryResult<Option<(String, Vec<(String, String)>)>> {
    let hash = head::installation(conn).await?.rule_set;
    if hash.is_empty() {
        return Ok(Some((hash, Vec::new())));
    }
    let there: i64 = rule_set::table.filter(rule_set::hash.eq(&hash)).count().get_result(conn).await?;
    match there {
        0 => Ok(None),
        _ => Ok(Some((hash.clone(), super::rules::sources(conn, &hash).await?))),
    }
}
