//! Whether a login and the tables are as the wall needs them.

use diesel::prelude::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    login: String,
    #[diesel(sql_type = Bool)]
    superuser: bool,
    #[diesel(sql_type = Bool)]
    bypasses: bool,
    /// It owns a table, or may act as a role that does.
    #[diesel(sql_type = Bool)]
    owner: bool,
    /// It may change or delete what is in the log.
    #[diesel(sql_type = Bool)]
    rewrites: bool,
    /// Tables with a tenant that any row of can be seen.
    #[diesel(sql_type = Array<Text>)]
    open: Vec<String>,
}

const LOOK: &str = "
    WITH tables AS (
        SELECT c.oid, c.relname, c.relowner, c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
                   SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'tenants') AS shut
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r')
    SELECT current_user::text AS login, r.rolsuper AS superuser, r.rolbypassrls AS bypasses,
           coalesce((SELECT bool_or(pg_has_role(t.relowner, 'MEMBER')) FROM tables t), false) AS owner,
           coalesce((SELECT bool_or(has_table_privilege(t.oid, 'UPDATE, DELETE, TRUNCATE')) FROM tables t
                      WHERE t.relname = 'activity'), false) AS rewrites,
           ARRAY(SELECT t.relname::text FROM tables t WHERE NOT t.shut ORDER BY 1) AS open
      FROM pg_roles r WHERE r.rolname = current_user";

/// What is wrong with this login or with the tables, for a server, and what to do about it.
pub async fn objections(conn: &mut AsyncPgConnection) -> QueryResult<Vec<(String, &'static str)>> {
    const LOG_IN: &str = "let servers log in as docket_server, which `docket migrate` makes, or as a member of it that has no other rights";
    let Found { login, superuser, bypasses, owner, rewrites, open } = diesel::sql_query(LOOK).get_result(conn).await?;
    let mut found = Vec::new();
    if superuser {
        found.push((
            format!("the database login {login} is a superuser, which row-level security does not bind"),
            LOG_IN,
        ));
    }
    if bypasses && !superuser {
        found.push((format!("the database login {login} has BYPASSRLS: it sees the rows of all tenants"), LOG_IN));
    }
    if owner && !superuser {
        found.push((format!("the database login {login} may act as the owner of the tables"), LOG_IN));
    }
    if rewrites && !superuser && !owner {
        found.push((
            format!("the database login {login} may change or delete activities"),
            "revoke UPDATE, DELETE and TRUNCATE on the table activity from it",
        ));
    }
    if !open.is_empty() {
        found.push((
            format!("row-level security does not shut the tables {}", open.join(", ")),
            "run `docket migrate`, which shuts them",
        ));
    }
    Ok(found)
}
