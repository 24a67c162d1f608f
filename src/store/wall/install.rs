//! What `docket migrate` does about roles and row-level security, before and after the migrations. Safe to repeat.

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// The SQL that makes the roles, for whoever may not create them and asks somebody else to.
pub const ROLES: &str = include_str!("roles.sql");
const OWNER: &str = include_str!("owner.sql");
const TABLES: &str = include_str!("tables.sql");
const FUNCTIONS: &str = include_str!("functions.sql");

/// The role that servers log in as.
const SERVER: &str = "docket_server";

/// Makes the roles that are missing, and acts as the owner of the tables from here on.
///
/// # Errors
/// Among others, that this login may neither create the roles nor act as the owner.
pub async fn prepare(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    conn.batch_execute(ROLES).await?;
    conn.batch_execute(OWNER).await?;
    conn.batch_execute("SET ROLE docket_owner").await
}

/// Shuts the tables that the migrations left, and grants the other roles what they need of them. Acts as the owner.
pub async fn install(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    // All or nothing: a server never finds a table with half of its wall.
    conn.batch_execute(&format!("BEGIN; {TABLES}; {FUNCTIONS}; COMMIT")).await
}

/// The URL (`postgres://…`) or conninfo (`host=…`) of a migrator, for sessions that act as the role of servers.
pub fn as_server(url: &str) -> String {
    if cfg!(feature = "no-tenant-predicates") && std::env::var_os("DOCKET_WITHOUT_WALL").is_some() {
        // The build that the tests of the wall must find guilty.
        return url.to_owned();
    }
    let is_url = url.starts_with("postgres://") || url.starts_with("postgresql://");
    match (is_url, url.contains('?')) {
        (true, true) => format!("{url}&options=-c%20role%3D{SERVER}"),
        (true, false) => format!("{url}?options=-c%20role%3D{SERVER}"),
        (false, _) => format!("{url} options='-c role={SERVER}'"),
    }
}
