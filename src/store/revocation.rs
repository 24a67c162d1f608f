//! SQL for revoked tokens: what is new, over all tenants; those of operators; and the end of old ones. Those of tenants are
//! written by commands.

use diesel::result::QueryResult;
use diesel::sql_types::{Text, Timestamptz};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use super::head::clock;
use super::read::list;
use super::sql::{Bind, Select, sql};
use super::wall;
use crate::model::revocation::{Revocation, Revoked};
use crate::model::time::Instant;

/// The tenant of what an operator revoked in all tenants.
const FOR_ALL: &str = "";

/// What a server needs to know of one.
pub struct Known {
    pub tenant_id: String,
    pub revoked: Revoked,
    pub at: Instant,
}

/// The revocations after `since`, of all tenants.
pub async fn since(conn: &mut AsyncPgConnection, since: Instant) -> QueryResult<Vec<Known>> {
    let query = sql!["SELECT tenant_id, jti, sub, updated_at FROM docket_revocations(", Bind::Time(since), ")"];
    let query = Select::<(Text, Text, Text, Timestamptz)>::new(query, true);
    let rows: Vec<(String, String, String, Instant)> = RunQueryDsl::load(query, conn).await?;
    let known = |(tenant_id, jti, sub, at): (String, String, String, Instant)| {
        let revoked = if sub.is_empty() { Revoked::Token(jti) } else { Revoked::Subject(sub) };
        Known { tenant_id, revoked, at }
    };
    Ok(rows.into_iter().map(known).collect())
}

/// Deletes those of these (tenant, id) that are older than `before`.
pub async fn delete(conn: &mut AsyncPgConnection, dead: Vec<(String, String)>, before: Instant) -> QueryResult<usize> {
    let (tenants, ids): (Vec<String>, Vec<String>) = dead.into_iter().unzip();
    conn.transaction(async |conn| {
        let named: Vec<&str> = tenants.iter().map(String::as_str).collect();
        wall::set_tenants(conn, &named).await?;
        let statement = sql![
            "DELETE FROM token_revocation AS t USING (SELECT unnest(",
            Bind::Texts(tenants.clone()),
            ") AS tenant_id, unnest(",
            Bind::Texts(ids),
            ") AS id) AS k WHERE t.tenant_id = k.tenant_id AND t.id = k.id AND t.updated_at < ",
            Bind::Time(before),
        ];
        RunQueryDsl::execute(statement, conn).await
    })
    .await
}

/// Writes an operator's revocation, for all tenants. `None`: there are `limit` of them already.
pub async fn put_for_all(
    conn: &mut AsyncPgConnection,
    revoked: &Revoked,
    by: &str,
    limit: i64,
) -> QueryResult<Option<Revocation>> {
    let id = revoked.id();
    let (jti, sub) = revoked.columns();
    let text = |text: &str| Bind::Text(text.to_owned());
    conn.transaction(async |conn| {
        wall::set_tenants(conn, &[FOR_ALL]).await?;
        // Whatever the database or the role says: what is acknowledged is on disk.
        conn.batch_execute("SET LOCAL synchronous_commit = on").await?;
        let now = clock(conn).await?;
        let statement = sql![
            "INSERT INTO token_revocation (tenant_id, id, jti, sub, app_id, source, source_type, created_at, created_by, \
             updated_at, updated_by, deleted_by, schema_version, etag_version, position) SELECT '', ",
            text(&id),
            ", ",
            text(&jti),
            ", ",
            text(&sub),
            ", '', 'docket', 'API', ",
            Bind::Time(now),
            ", ",
            text(by),
            ", ",
            Bind::Time(now),
            ", ",
            text(by),
            ", '', 1, 1, 0 WHERE (SELECT count(*) FROM token_revocation WHERE tenant_id = '' AND id <> ",
            text(&id),
            ") < ",
            Bind::Int(limit),
            " ON CONFLICT (tenant_id, id) DO UPDATE SET updated_at = excluded.updated_at, \
             updated_by = excluded.updated_by, etag_version = token_revocation.etag_version + 1",
        ];
        if RunQueryDsl::execute(statement, conn).await? == 0 {
            return Ok(None);
        }
        list::one(conn, FOR_ALL, [sql!["id = ", text(&id)]]).await
    })
    .await
}
