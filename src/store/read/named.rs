//! SQL that tells which of many names or ids there are.

use diesel::result::QueryResult;
use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Scope;
use crate::store::sql::{Bind, Select, sql};

/// Those of the values that a row's column has, among the rows of a table that meet the condition and that the caller may see.
pub(super) async fn among(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    (table, column, condition): (&'static str, &'static str, &'static str),
    values: Vec<String>,
) -> QueryResult<Vec<String>> {
    let sql = sql![
        "SELECT ",
        column,
        ", app_id FROM ",
        table,
        " WHERE tenant_id = ",
        Bind::Text(scope.tenant_id.to_owned()),
        " AND ",
        condition,
        " AND ",
        column,
        " = ANY(",
        Bind::Texts(values),
        ")",
    ];
    let found: Vec<(String, String)> = RunQueryDsl::load(Select::<(Text, Text)>::new(sql, true), conn).await?;
    let seen = found.into_iter().filter(|(_, app_id)| scope.audience.sees_internal(app_id));
    Ok(seen.map(|(value, _)| value).collect())
}

/// The ids and folded names of those rows of a table that are not deleted, that the caller may see, and that have one of these
/// ids or folded names.
pub(super) async fn named(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    table: &'static str,
    ids: Vec<Uuid>,
    names: Vec<String>,
) -> QueryResult<Vec<(Uuid, String)>> {
    let sql = sql![
        "SELECT id, folded, app_id FROM ",
        table,
        " WHERE tenant_id = ",
        Bind::Text(scope.tenant_id.to_owned()),
        " AND deleted_at IS NULL AND (id = ANY(",
        Bind::Ids(ids),
        ") OR folded = ANY(",
        Bind::Texts(names),
        "))",
    ];
    let found: Vec<(Uuid, String, String)> =
        RunQueryDsl::load(Select::<(SqlUuid, Text, Text)>::new(sql, true), conn).await?;
    let seen = found.into_iter().filter(|(_, _, app_id)| scope.audience.sees_internal(app_id));
    Ok(seen.map(|(id, name, _)| (id, name)).collect())
}
