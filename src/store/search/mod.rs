//! SQL that writes search documents. No decisions.

use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Jsonb, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::TryStreamExt;
use uuid::Uuid;

mod document;
mod find;
mod first;
mod place;
mod query;
mod rules;
mod spelling;
mod words;

pub use find::{Candidate, Wanted, find};
pub use query::{BadQuery, Query};
pub use rules::Rules;

use self::document::Document;
use self::place::Sort;
use self::rules::Part;
use super::sql::{Bind, Select, sql};
use crate::model::activity_type::{self, ActivityType};
use crate::model::ticket::display_number;
use crate::model::words::{Visibility, Words};

/// Messages of one ticket that are looked in, the newest.
const MESSAGES: i64 = 500;

fn text(text: &str) -> Bind {
    Bind::Text(text.to_owned())
}

/// The tickets whose words the activities `after + 1 ..= up_to` may have changed.
pub async fn touched(conn: &mut AsyncPgConnection, tenant_id: &str, after: i64, up_to: i64) -> QueryResult<Vec<Uuid>> {
    let silent = ActivityType::ALL.iter().filter(|kind| kind.words() == activity_type::Words::Kept);
    let sql = sql![
        "SELECT DISTINCT ticket_id FROM activity WHERE tenant_id = ",
        text(tenant_id),
        " AND position > ",
        Bind::Int(after),
        " AND position <= ",
        Bind::Int(up_to),
        // Those of another version may change words.
        " AND ticket_id IS NOT NULL AND kind <> ALL(",
        Bind::Texts(silent.map(|kind| kind.word().to_owned()).collect()),
        ")",
    ];
    RunQueryDsl::load(Select::<SqlUuid>::new(sql, true), conn).await
}

/// The tickets with the numbers `after + 1 ..= up_to`.
pub async fn numbered(conn: &mut AsyncPgConnection, tenant_id: &str, after: i64, up_to: i64) -> QueryResult<Vec<Uuid>> {
    let sql = sql![
        "SELECT id FROM ticket WHERE tenant_id = ",
        text(tenant_id),
        " AND number > ",
        Bind::Int(after),
        " AND number <= ",
        Bind::Int(up_to),
    ];
    RunQueryDsl::load(Select::<SqlUuid>::new(sql, true), conn).await
}

/// Documents as they are now of some of a tenant's tickets, ready to be written. Deleted tickets have none.
#[derive(Debug)]
pub struct Documents {
    rules: Rules,
    deleted: Vec<Uuid>,
    ids: Vec<Uuid>,
    numbers: Vec<i64>,
    words: Vec<String>,
}

type TicketTypes = (SqlUuid, BigInt, Text, Text, Text, Jsonb, Text, Text, Text, Text, Bool);
type TicketText = (Uuid, i64, String, String, String, Words, String, String, String, String, bool);

/// Reads the tickets and their threads.
pub async fn documents(
    conn: &mut AsyncPgConnection,
    rules: Rules,
    tenant_id: &str,
    ids: &[Uuid],
) -> QueryResult<Documents> {
    let sql = sql![
        "SELECT t.id, t.number, t.subject, t.description, t.category, t.tags, t.requester_id, t.requester_name, \
         t.requester_email, t.app_id, t.deleted_at IS NOT NULL FROM unnest(",
        Bind::Ids(ids.to_vec()),
        ") AS k(id), LATERAL (SELECT * FROM ticket WHERE tenant_id = ",
        text(tenant_id),
        " AND ticket.id = k.id OFFSET 0) AS t ORDER BY t.id",
    ];
    let tickets: Vec<TicketText> = RunQueryDsl::load(Select::<TicketTypes>::new(sql, true), conn).await?;
    let (deleted, tickets): (Vec<_>, Vec<_>) = tickets.into_iter().partition(|ticket| ticket.10);
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.0).collect();
    // Of each ticket what its requester may read, the newest first, and then the notes.
    let sql = sql![
        "SELECT k.id, m.visibility, m.body FROM unnest(",
        Bind::Ids(ids),
        ") AS k(id), LATERAL (SELECT id, visibility, body FROM message WHERE tenant_id = ",
        text(tenant_id),
        " AND ticket_id = k.id AND deleted_at IS NULL ORDER BY id DESC LIMIT ",
        Bind::Int(MESSAGES),
        ") AS m ORDER BY k.id, m.visibility DESC, m.id DESC",
    ];
    let messages = Select::<(SqlUuid, Text, Text)>::new(sql, true);
    let messages = RunQueryDsl::load_stream::<(Uuid, Visibility, String)>(messages, conn).await?;
    let mut messages = std::pin::pin!(messages);
    let mut next = messages.try_next().await?;
    let deleted = deleted.into_iter().map(|ticket| ticket.0).collect();
    let (ids, numbers, words) = Default::default();
    let mut documents = Documents { rules, deleted, ids, numbers, words };
    for ticket in tickets {
        let (id, number) = (ticket.0, ticket.1);
        let mut document = of_ticket(rules, tenant_id, ticket);
        while let Some((of, visibility, body)) = next.take_if(|(of, ..)| *of <= id) {
            if of == id {
                let sort = if visibility == Visibility::Public { Sort::Public } else { Sort::Note };
                document.text(sort, Part::Message, &body);
            }
            next = messages.try_next().await?;
        }
        documents.ids.push(id);
        documents.numbers.push(number);
        documents.words.push(document.finish());
    }
    Ok(documents)
}

fn of_ticket(rules: Rules, tenant_id: &str, ticket: TicketText) -> Document {
    let (_, number, subject, description, category, tags, requester_id, requester_name, requester_email, app_id, _) =
        ticket;
    let mut document = Document::new(rules, tenant_id, number);
    document.mark(Sort::Requester, &requester_id);
    document.mark(Sort::App, &app_id);
    document.number(number);
    document.text(Sort::Public, Part::Subject, &display_number(number));
    document.text(Sort::Public, Part::Subject, &subject);
    for part in [category, requester_name, requester_email].iter().chain(tags.iter()) {
        document.text(Sort::Public, Part::Facts, part);
    }
    document.text(Sort::Public, Part::Description, &description);
    document
}

/// Writes documents over those of the same tickets, and takes away those of deleted ones.
pub async fn write(conn: &mut AsyncPgConnection, tenant_id: &str, documents: Documents) -> QueryResult<()> {
    let Documents { rules, deleted, ids, numbers, words } = documents;
    if !deleted.is_empty() {
        take_away(conn, rules, tenant_id, deleted).await?;
    }
    if ids.is_empty() {
        return Ok(());
    }
    let sql = sql![
        "INSERT INTO ",
        rules.table(),
        " AS s (tenant_id, ticket_id, number, words) SELECT ",
        text(tenant_id),
        ", unnest(",
        Bind::Ids(ids),
        "), unnest(",
        Bind::Ints(numbers),
        "), unnest(",
        Bind::Texts(words),
        ")::tsvector ON CONFLICT (tenant_id, ticket_id) DO UPDATE SET number = excluded.number, words = excluded.words \
         WHERE s.words <> excluded.words",
    ];
    RunQueryDsl::execute(sql, conn).await.map(drop)
}

/// Takes away documents of these tickets.
pub async fn take_away(conn: &mut AsyncPgConnection, rules: Rules, tenant_id: &str, ids: Vec<Uuid>) -> QueryResult<()> {
    let sql = sql![
        "DELETE FROM ",
        rules.table(),
        " WHERE tenant_id = ",
        text(tenant_id),
        " AND ticket_id = ANY(",
        Bind::Ids(ids),
        ")",
    ];
    RunQueryDsl::execute(sql, conn).await.map(drop)
}
