//! The wall between tenants, as the database has it: what a server's login sees, and what it cannot do.

use std::collections::BTreeSet;

use docket::store::wall;
use docket::store::{migrate, write};
use tokio_postgres::Client;

use crate::log::an_activity;
use crate::server::{a_head, a_ticket, database, url};
use crate::shared::{empty_database, sql};

/// Two tenants with three tickets and three activities each, in the database that the tests share.
async fn two_tenants(one: &'static str, other: &'static str) {
    let conn = database().await;
    for tenant in [one, other] {
        write::insert_if_absent(&conn, [a_head(tenant, 3, 3)].iter()).await.unwrap();
        write::insert(&conn, (1..=3).map(|n| a_ticket(tenant, n)).collect::<Vec<_>>().iter()).await.unwrap();
        write::insert(&conn, (1..=3).map(|n| an_activity(tenant, n)).collect::<Vec<_>>().iter()).await.unwrap();
    }
}

/// A session with the role of servers.
async fn a_server() -> Client {
    let client = sql(url().await).await;
    client.batch_execute("SET ROLE docket_server").await.unwrap();
    client
}

async fn tenants_seen(client: &Client, table: &str) -> BTreeSet<String> {
    let rows = client.query(&format!("SELECT DISTINCT tenant_id FROM {table}"), &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The SQLSTATE that a statement fails with.
async fn refusal(client: &Client, statement: &str) -> String {
    let error = client.batch_execute(statement).await.expect_err(statement);
    error.code().map(|code| code.code().to_owned()).unwrap_or_default()
}

const NOT_ALLOWED: &str = "42501";

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_sees_the_tenants_that_it_names_and_no_others() {
    two_tenants("wall-a", "wall-b").await;
    let server = a_server().await;
    for table in ["ticket", "activity", "tenant_head"] {
        assert!(tenants_seen(&server, table).await.is_empty(), "{table}, before any setting");
        for named in [vec!["wall-a"], vec!["wall-b"], vec!["wall-a", "wall-b"], vec!["*"], vec!["%"], vec![""], vec![]]
        {
            server.batch_execute(&wall::begin(&named)).await.unwrap();
            let seen = tenants_seen(&server, table).await;
            let named: BTreeSet<String> =
                named.into_iter().filter(|name| name.starts_with("wall-")).map(str::to_owned).collect();
            assert_eq!(seen, named, "{table}");
            server.batch_execute("COMMIT").await.unwrap();
        }
        assert!(tenants_seen(&server, table).await.is_empty(), "{table}, after the transaction");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_of_any_name_is_named_as_it_is() {
    let server = a_server().await;
    let odd = [
        "it's",
        "a\"b",
        "\\",
        "{}",
        "a,b",
        "NULL",
        " ",
        "\u{1}\n\t\u{7f}",
        "Ünïcødé 漢字 🎫",
        "'; DROP TABLE ticket; --",
        "E'x'",
    ];
    for standard in ["on", "off"] {
        let begin = format!("SET standard_conforming_strings = {standard}; {}", wall::begin(&odd));
        server.batch_execute(&begin).await.unwrap();
        let named = server.query_one("SELECT current_setting('docket.tenants')::text[]", &[]).await.unwrap();
        assert_eq!(named.get::<_, Vec<String>>(0), odd);
        server.batch_execute("COMMIT").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_tenant_are_neither_written_nor_changed() {
    two_tenants("wall-c", "wall-d").await;
    let server = a_server().await;
    for statement in [
        "UPDATE ticket SET subject = 'taken' WHERE tenant_id = 'wall-d'",
        "DELETE FROM ticket WHERE tenant_id = 'wall-d'",
        "UPDATE tenant_head SET position = 99 WHERE tenant_id = 'wall-d'",
    ] {
        server.batch_execute(&wall::begin(&["wall-c"])).await.unwrap();
        assert_eq!(server.execute(statement, &[]).await.unwrap(), 0, "{statement}");
        server.batch_execute("ROLLBACK").await.unwrap();
    }
    let moved = format!("{}; UPDATE ticket SET tenant_id = 'wall-d' WHERE number = 1", wall::begin(&["wall-c"]));
    assert_eq!(refusal(&server, &moved).await, NOT_ALLOWED);
    server.batch_execute("ROLLBACK").await.unwrap();
    let planted =
        format!("{}; INSERT INTO ticket_tag (tenant_id, name) VALUES ('wall-d', 'planted')", wall::begin(&["wall-c"]));
    assert!(!refusal(&server, &planted).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_servers_login_owns_nothing_and_the_log_stays_as_it_was_written() {
    two_tenants("wall-e", "wall-f").await;
    let server = a_server().await;
    for statement in [
        "UPDATE activity SET body = '' WHERE tenant_id = 'wall-e'",
        "DELETE FROM activity WHERE tenant_id = 'wall-e'",
        "TRUNCATE activity",
        "UPDATE sla_ledger SET body = ''",
        "DROP TABLE activity",
        "ALTER TABLE ticket DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE ticket NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenants ON ticket",
        "CREATE POLICY mine ON ticket USING (true)",
        "CREATE ROLE more SUPERUSER",
        "TRUNCATE ticket",
    ] {
        let tried = format!("{}; {statement}", wall::begin(&["wall-e"]));
        assert_eq!(refusal(&server, &tried).await, NOT_ALLOWED, "{statement}");
        server.batch_execute("ROLLBACK").await.unwrap();
    }
    // Only the login of these tests may change roles; a server's own has none to change to.
    let admin = sql(url().await).await;
    let member = "SELECT count(*) FROM pg_auth_members WHERE member = 'docket_server'::regrole";
    assert_eq!(admin.query_one(member, &[]).await.unwrap().get::<_, i64>(0), 0);
    let owned = "SELECT count(*) FROM pg_class WHERE relowner = 'docket_server'::regrole";
    assert_eq!(admin.query_one(owned, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_with_a_tenant_is_shut_and_a_server_does_not_start_where_one_is_open() {
    let url = empty_database("wall_open").await;
    migrate::run(&url).await.unwrap();
    let admin = sql(&url).await;
    let open = "SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
                 WHERE a.attname = 'tenant_id' AND c.relnamespace = 'public'::regnamespace
                   AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
    assert_eq!(admin.query_one(open, &[]).await.unwrap().get::<_, i64>(0), 0);

    let objections = async |url: &str| {
        let mut conn = docket::store::pool::connect(url).await.unwrap();
        let found = wall::objections(&mut conn).await.unwrap();
        found.into_iter().map(|(what, _)| what).collect::<Vec<_>>().join("\n")
    };
    let server = wall::as_server(&url);
    assert_eq!(objections(&server).await, "");
    assert!(objections(&url).await.contains("superuser"));
    let owner = server.replace("docket_server", "docket_owner");
    assert!(objections(&owner).await.contains("may act as the owner"));
    let prune = server.replace("docket_server", "docket_prune");
    assert!(objections(&prune).await.contains("delete activities"));

    for (harm, told) in [
        ("ALTER TABLE message NO FORCE ROW LEVEL SECURITY", "message"),
        ("ALTER TABLE contact DISABLE ROW LEVEL SECURITY", "contact"),
        ("DROP POLICY tenants ON run", "run"),
        ("CREATE TABLE forgotten (tenant_id text)", "forgotten"),
    ] {
        admin.batch_execute(harm).await.unwrap();
        let found = objections(&server).await;
        assert!(found.contains("does not shut the tables") && found.contains(told), "{harm}: {found}");
    }
    admin.batch_execute("DROP TABLE forgotten").await.unwrap();
    migrate::run(&url).await.unwrap();
    assert_eq!(objections(&server).await, "", "migrating shuts what is open");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_an_older_version_pass_to_the_owner() {
    let url = empty_database("wall_older").await;
    migrate::run(&url).await.unwrap();
    let admin = sql(&url).await;
    let older = "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                 EXECUTE format('ALTER TABLE %I OWNER TO docket', t); END LOOP; END $$";
    admin.batch_execute(older).await.unwrap();
    migrate::run(&url).await.unwrap();
    let others = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner <> 'docket_owner'";
    assert_eq!(admin.query_one(others, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_over_all_tenants_tell_ids_and_those_behind_indexes_ask_for_the_tenants() {
    two_tenants("wall-g", "wall-h").await;
    let admin = sql(url().await).await;
    let tag = "UPDATE ticket SET tags = '[\"walled\"]' WHERE tenant_id IN ('wall-g', 'wall-h')";
    admin.batch_execute(tag).await.unwrap();
    let tables = ["ticket_search", "ticket_search_2"].map(|table| {
        format!("INSERT INTO {table} SELECT tenant_id, id, number, 'walled' FROM ticket WHERE tenant_id IN ('wall-g', 'wall-h')")
    });
    admin.batch_execute(&tables.join("; ")).await.unwrap();
    let server = a_server().await;
    let tagged = "SELECT cardinality(docket_tagged('{open/6/wall-g/walled}', '{open/6/wall-h/walled}'))::bigint";
    let searching = ["", "_2"].map(|version| {
        let worded = format!("SELECT count(*) FROM docket_worded{version}('walled', 1, 3, NULL, NULL, NULL, NULL)");
        [worded, format!("SELECT (docket_counted{version}('{{walled}}', 3, 9))[1]")]
    });
    let statements: Vec<String> = searching.into_iter().flatten().chain([tagged.to_owned()]).collect();
    for (named, many) in [(vec![], 0_i64), (vec!["wall-g"], 3), (vec!["wall-h"], 3), (vec!["wall-g", "wall-h"], 6)] {
        server.batch_execute(&wall::begin(&named)).await.unwrap();
        for statement in &statements {
            assert_eq!(server.query_one(statement, &[]).await.unwrap().get::<_, i64>(0), many, "{named:?} {statement}");
        }
        server.batch_execute("COMMIT").await.unwrap();
    }
    // Nothing that a tenant wrote is among their columns.
    let told =
        "SELECT DISTINCT unnest(proargnames[pronargs + 1:]) FROM pg_proc WHERE prosecdef AND proname LIKE 'docket\\_%'";
    let told: BTreeSet<String> = admin.query(told, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let allowed = [
        "tenant_id",
        "id",
        "last_at",
        "config_position",
        "marks",
        "after_id",
        "since",
        "until",
        "document",
        "nth",
        "place",
        "rank",
        "jti",
        "sub",
        "updated_at",
    ];
    assert_eq!(told, allowed.into_iter().map(str::to_owned).collect());
    let public = "SELECT count(*) FROM pg_proc WHERE prosecdef AND has_function_privilege('public', oid, 'EXECUTE') AND proname LIKE 'docket\\_%'";
    assert_eq!(admin.query_one(public, &[]).await.unwrap().get::<_, i64>(0), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_deletes_below_the_floor_only() {
    two_tenants("wall-i", "wall-j").await;
    let admin = sql(url().await).await;
    admin.batch_execute("UPDATE tenant_head SET floor = 2 WHERE tenant_id = 'wall-i'").await.unwrap();
    let prune = sql(url().await).await;
    prune.batch_execute("SET ROLE docket_prune").await.unwrap();
    prune.batch_execute(&wall::begin(&["wall-i"])).await.unwrap();
    assert_eq!(prune.execute("DELETE FROM activity", &[]).await.unwrap(), 2, "of three, the last is above the floor");
    prune.batch_execute("ROLLBACK").await.unwrap();
    for statement in ["UPDATE activity SET body = ''", "DELETE FROM ticket", "UPDATE tenant_head SET position = 0"] {
        let tried = format!("{}; {statement}", wall::begin(&["wall-i"]));
        assert_eq!(refusal(&prune, &tried).await, NOT_ALLOWED, "{statement}");
        prune.batch_execute("ROLLBACK").await.unwrap();
    }
}
