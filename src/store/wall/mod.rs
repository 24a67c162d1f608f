//! The database's own wall between tenants: a transaction says whose rows it is for, and row-level security shows it no others.
//!
//! Every statement names its tenants in its own conditions as well. `docket migrate` builds the wall: see [`install`].

use std::fmt::Write;

use diesel::result::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

mod check;
mod install;

pub use check::objections;
pub use install::{ROLES, as_server, install, prepare};

/// Begins a transaction that sees the rows of these tenants.
pub fn begin(tenants: &[&str]) -> String {
    format!("BEGIN; {}", setting(tenants))
}

/// The same for one that only reads.
pub fn begin_reading(tenants: &[&str]) -> String {
    format!("BEGIN READ ONLY; {}", setting(tenants))
}

/// Shows the transaction that is open the rows of these tenants. Outside a transaction it does nothing.
pub async fn set_tenants(conn: &mut AsyncPgConnection, tenants: &[&str]) -> QueryResult<()> {
    conn.batch_execute(&setting(tenants)).await
}

/// An array of texts, as a literal that does not depend on the settings of the session.
fn setting(tenants: &[&str]) -> String {
    let mut sql = String::from("SET LOCAL docket.tenants = E'{");
    for (i, tenant) in tenants.iter().enumerate() {
        sql.push_str(if i == 0 { "\"" } else { ",\"" });
        for c in tenant.chars() {
            match c {
                // Once for the array, and once more for the literal.
                '\\' => sql.push_str("\\\\\\\\"),
                '"' => sql.push_str("\\\\\""),
                '\'' => sql.push_str("\\'"),
                // So that a statement is one line wherever it is logged.
                c if c.is_control() => {
                    let _ = write!(sql, "\\u{:04x}", u32::from(c));
                }
                c => sql.push(c),
            }
        }
        sql.push('"');
    }
    sql.push_str("}'");
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_cannot_close_the_literal() {
        assert_eq!(setting(&[]), "SET LOCAL docket.tenants = E'{}'");
        assert_eq!(setting(&["acme", "b c"]), r#"SET LOCAL docket.tenants = E'{"acme","b c"}'"#);
        assert_eq!(setting(&[r#"a"',{}\"#]), r#"SET LOCAL docket.tenants = E'{"a\\"\',{}\\\\"}'"#);
        assert_eq!(setting(&["a\nb"]), r#"SET LOCAL docket.tenants = E'{"a\u000ab"}'"#);
    }
}
