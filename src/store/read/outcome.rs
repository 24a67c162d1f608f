//! SQL that lists outcomes of clocks. No decisions.

use diesel::result::QueryResult;
use diesel_async::AsyncPgConnection;

use super::Scope;
use super::list::{self, Listed, Listing, Order, Page, Paging};
use crate::model::sla::outcome::Outcome;
use crate::model::time::Instant;
use crate::store::filter::Condition;
use crate::store::page::Key;
use crate::store::sql::{Bind, sql};

impl Listed for Outcome {
    const DEFAULT_ORDER: &'static str = "breached_at desc";
    // Only clocks that were breached are listed: each by an activity of its own.
    const ORDERS: &'static [Order<Outcome>] = &[
        Order { name: "position", column: "position", key: |o| Key::Int(o.position), hot: false },
        Order {
            name: "breached_at",
            column: "breached_at",
            key: |o| Key::Time(o.breached_at.unwrap_or_default()),
            hot: true,
        },
    ];
}

/// `[from, to)`; what is absent is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    pub from: Option<Instant>,
    pub to: Option<Instant>,
}

/// One page of the clocks that were breached.
pub async fn breaches(
    conn: &mut AsyncPgConnection,
    scope: Scope<'_>,
    window: Window,
    filter: Option<&Condition>,
    paging: &Paging<'_, Outcome>,
) -> QueryResult<Page<Outcome>> {
    list::load(conn, breached(scope, window, filter, paging), paging).await
}

/// The statement of [`breaches`].
pub fn breached(
    scope: Scope<'_>,
    window: Window,
    filter: Option<&Condition>,
    paging: &Paging<'_, Outcome>,
) -> Listing<Outcome> {
    let mut conditions = vec![sql!["breached_at IS NOT NULL"]];
    conditions.extend(window.from.map(|from| sql!["breached_at >= ", Bind::Time(from)]));
    conditions.extend(window.to.map(|to| sql!["breached_at < ", Bind::Time(to)]));
    conditions.extend(scope.audience.internal());
    Listing::page(scope, conditions, filter, paging, None)
}
