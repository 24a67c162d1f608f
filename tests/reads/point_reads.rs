//! Single tickets, looked up together with whatever else is looked up at the time.

use docket::model::ticket::{Ticket, TicketRef};
use docket::store::point_reads::{Found, PointReads};
use docket::store::{plan, write};
use futures_util::future::join_all;

use crate::server::{a_ticket, database, url, uuid};

#[tokio::test(flavor = "multi_thread")]
async fn each_is_told_what_it_does_not_know() {
    let conn = database().await;
    for tenant in ["gathered", "gathered-elsewhere"] {
        let tickets: Vec<Ticket> = (1..=9).map(|n| Ticket { position: 10 * n, ..a_ticket(tenant, n) }).collect();
        write::insert(&conn, tickets.iter()).await.unwrap();
    }
    let gather = PointReads::new(url().await, plan::BY_KEY.to_owned());
    let id = |n| TicketRef::Id(uuid(n));
    let number = TicketRef::Number;
    let asked = [
        (id(1), None, Some("subject 1")),
        (id(2), Some(20), None),
        (id(2), Some(20), None),
        // Known at different positions: one of them, or both, are wrong.
        (id(3), Some(29), Some("subject 3")),
        (id(3), Some(31), Some("subject 3")),
        (id(4), Some(40), None),
        (number(4), None, Some("subject 4")),
        (number(4), Some(40), Some("subject 4")),
        (number(5), None, Some("subject 5")),
    ];
    for _ in 0..20 {
        let asks = asked.iter().map(|(ticket, known, _)| gather.ticket("gathered", ticket, *known));
        for (found, (ticket, known, subject)) in join_all(asks).await.into_iter().zip(&asked) {
            match (found.unwrap(), subject) {
                (Found::Ticket(found), Some(subject)) => {
                    assert_eq!((found.tenant_id.as_str(), found.subject.as_str()), ("gathered", *subject));
                }
                (Found::Unchanged, None) => {}
                (found, _) => panic!("{ticket:?}, known at {known:?}: {found:?}"),
            }
        }
        for nowhere in [id(10), number(10), id(0)] {
            for known in [None, Some(10)] {
                let found = gather.ticket("gathered", &nowhere, known).await.unwrap();
                assert!(matches!(found, Found::Nowhere), "{nowhere:?}: {found:?}");
            }
        }
        let found = gather.ticket("gathered-nobody", &id(1), Some(10)).await.unwrap();
        assert!(matches!(found, Found::Nowhere), "{found:?}");
    }
}
