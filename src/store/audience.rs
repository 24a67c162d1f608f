//! Audience: what a caller sees within its tenant, as conditions of a WHERE.

pub use crate::model::audience::Audience;

use super::sql::{Bind, Sql, sql};

impl Audience {
    pub(super) fn tickets(&self) -> Vec<Sql> {
        let mut all = self.apps();
        all.extend(
            self.requester
                .iter()
                .map(|sub| sql!["requester_id = ", Bind::Text(sub.clone()), " AND requester_id <> ''"]),
        );
        all
    }

    /// Of a ticket that the caller sees: its thread is its app's, whoever wrote in it.
    pub(super) fn messages(&self) -> Vec<Sql> {
        self.requester.iter().map(|_| sql!["visibility = 'PUBLIC'"]).collect()
    }

    pub(super) fn activities(&self) -> Vec<Sql> {
        let mut all = self.apps();
        all.extend(self.requester.iter().map(|sub| sql!["public AND requester_id = ", Bind::Text(sub.clone())]));
        all
    }

    pub(super) fn internal(&self) -> Vec<Sql> {
        let mut all = self.apps();
        all.extend(self.requester.iter().map(|_| sql!["FALSE"]));
        all
    }

    /// Runs carry no application: their ticket's counts.
    pub(super) fn runs(&self) -> Vec<Sql> {
        let of_app = |app: &String| {
            sql![
                "EXISTS (SELECT 1 FROM ticket t WHERE t.tenant_id = run.tenant_id AND t.id = run.ticket_id AND t.app_id = ",
                Bind::Text(app.clone()),
                ")"
            ]
        };
        let mut all: Vec<Sql> = self.app_id.iter().map(of_app).collect();
        all.extend(self.requester.iter().map(|_| sql!["FALSE"]));
        all
    }

    fn apps(&self) -> Vec<Sql> {
        self.app_id.iter().map(|app| sql!["app_id = ", Bind::Text(app.clone())]).collect()
    }
}
