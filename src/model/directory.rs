//! Entries of the directory: organizations, contacts, teams, agents and more. Other systems own them; routing and conditions
//! use them.

use std::fmt::Debug;

use serde_json::{Value, json};

use super::fields::fields_row;
use super::row::{Row, Stamped};
use super::shown::{Data, InData, data};

/// `entries! { make … }` hands the kinds of entries to the macro `make!`, behind whatever else is given. A line
///
/// ```text
/// Team: team, teams by team_fields, TeamChanged, TeamNotFound;
/// ```
///
/// is the row, its name and the name of its table in the world, its list of fields, the type of the activity that holds it
/// whole, and the reason when there is none. From the lines and the lists follow the rows, the commands, the conversions
/// of messages, the reads and the columns of filters. The service, the commands of the CLI, and what a rule or a ticket
/// calls an entry (see [`related!`]) are listed there.
macro_rules! entries {
    ($make:ident $($with:tt)*) => {
        $make! {
            $($with)*
            Organization: organization, organizations by organization_fields, OrganizationChanged, OrganizationNotFound;
            Contact: contact, contacts by contact_fields, ContactChanged, ContactNotFound;
            Team: team, teams by team_fields, TeamChanged, TeamNotFound;
            Agent: agent, agents by agent_fields, AgentChanged, AgentNotFound;
            Deal: deal, deals by deal_fields, DealChanged, DealNotFound;
            Asset: asset, assets by asset_fields, AssetChanged, AssetNotFound;
        }
    };
}
pub(crate) use entries;

/// `related! { make … }` hands the entries that a ticket names to the macro `make!`. A line
///
/// ```text
/// requester: Contact by requester_id, Requester;
/// ```
///
/// is its name in expressions, the row, the ticket's field, and the root. Filters over contacts alone find them here, too.
macro_rules! related {
    ($make:ident $($with:tt)*) => {
        $make! {
            $($with)*
            organization: Organization by organization_id, Organization;
            requester: Contact by requester_id, Requester;
            assignee: Agent by assignee_id, Assignee;
            team: Team by team_id, Team;
            deal: Deal by deal_id, Deal;
            asset: Asset by related_asset_id, Asset;
        }
    };
}
pub(crate) use related;

macro_rules! organization_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        #[derive(Default)]
        Organization in organization, key(tenant_id, id) + stamps {
            tenant_id: String, as tenant_id;
            id: String, as id in cel, write own_id;
            name: String, as name in cel, write name;
            tier: String, as tier in cel, also subscription: $crate::model::directory::Subscription, write label;
            /// Shown as `subscription.plan`, and the next as `subscription.status`.
            subscription_plan: String;
            subscription_status: String;
            attributes: serde_json::Value, as attributes in cel, write structure;
        }
    } };
}
pub(crate) use organization_fields;

macro_rules! contact_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        #[derive(Default)]
        Contact in contact, key(tenant_id, id) + stamps {
            tenant_id: String, as tenant_id;
            id: String, as id in cel, write own_id;
            name: String, as name in cel, write name;
            email: String, as email in cel, write email;
            organization_id: String, as organization_id in cel, write id;
            attributes: serde_json::Value, as attributes in cel, write structure;
        }
    } };
}
pub(crate) use contact_fields;

macro_rules! team_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        #[derive(Default)]
        Team in team, key(tenant_id, id) + stamps {
            tenant_id: String, as tenant_id;
            id: String, as id in cel, write own_id;
            name: String, as name in cel, write name;
            member_ids: $crate::model::words::Words, as member_ids in cel, write members;
            /// Whom round robin chose last; '' before the first.
            last_assigned: String;
        }
    } };
}
pub(crate) use team_fields;

macro_rules! agent_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        #[derive(Default)]
        Agent in agent, key(tenant_id, id) + stamps {
            tenant_id: String, as tenant_id;
            id: String, as id in cel, write own_id;
            name: String, as name in cel, write name;
            email: String, as email in cel, write email;
            status: $crate::model::words::AgentStatus, as status in cel, write word;
            /// How many open tickets the agent takes; 0 = no limit.
            capacity: i32, as capacity in cel, write capacity;
            skills: $crate::model::words::Words, as skills in cel, write skills;
            weight: i32, as weight in cel, write weight;
            /// Tickets assigned and not RESOLVED, CLOSED or deleted. Kept by the journal, for ids that no Upsert named as well.
            open_count: i64, as open_count in cel;
            /// False while only assignments named this id: then it counts, and is no agent of the directory.
            known: bool;
        }
    } };
}
pub(crate) use agent_fields;

macro_rules! deal_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        #[derive(Default)]
        Deal in deal, key(tenant_id, id) + stamps {
            tenant_id: String, as tenant_id;
            id: String, as id in cel, write own_id;
            name: String, as name in cel, write name;
            stage: String, as stage in cel, write label;
            attributes: serde_json::Value, as attributes in cel, write structure;
        }
    } };
}
pub(crate) use deal_fields;

macro_rules! asset_fields {
    ($($callback:tt)+) => { $crate::model::fields::listed! { [$($callback)+]
        #[derive(Default)]
        Asset in asset, key(tenant_id, id) + stamps {
            tenant_id: String, as tenant_id;
            id: String, as id in cel, write own_id;
            name: String, as name in cel, write name;
            kind: String, as kind in cel, write label;
            attributes: serde_json::Value, as attributes in cel, write structure;
        }
    } };
}
pub(crate) use asset_fields;

/// How the activity of its last change holds it whole, by the contract's names.
pub trait Logged: Sized {
    fn show(&self) -> Value;

    fn read(data: &Data<'_>) -> Option<Self>;
}

/// What the directory has entries of.
pub trait Entry: Row + Stamped + Logged + Clone + Debug + PartialEq + Sync {
    /// In SQL: the directory has it.
    const KNOWN: &'static str = "deleted_at IS NULL";

    /// The id that another system gave it.
    fn key(&self) -> &str;

    /// Whether the directory has it.
    fn is_known(&self) -> bool {
        !self.is_deleted()
    }

    /// Sets what Docket itself holds, from the row that there is, known or not.
    fn keep(&mut self, _: Option<&Self>) {}

    /// Takes it out of the directory.
    fn forget(&mut self) {}

    /// Sets what an activity's data has of it in no field of its own.
    fn recall(&mut self, _: &Data<'_>) {}
}

macro_rules! rows {
    ($($row:ident: $one:ident, $many:ident by $fields:ident, $changed:ident, $missing:ident;)+) => { $(
        $fields! { fields_row }

        stamped_row! { $row }

        $fields! { data }
    )+ };
}
entries! { rows }

/// `entry! { Team { … } }`: an [`Entry`], with what it does not do as most do.
macro_rules! entry {
    ($($row:ident { $($own:item)* })+) => { $(
        impl Entry for $row {
            fn key(&self) -> &str {
                &self.id
            }

            $($own)*
        }
    )+ };
}

entry! {
    Organization {
        fn recall(&mut self, data: &Data<'_>) {
            if let Some(subscription) = Subscription::read(data, "subscription") {
                self.set_subscription(subscription);
            }
        }
    }
    Contact {}
    Deal {}
    Asset {}
    Team {
        fn keep(&mut self, row: Option<&Team>) {
            self.last_assigned = row.map(|row| row.last_assigned.clone()).unwrap_or_default();
        }
    }
    Agent {
        const KNOWN: &'static str = "known AND deleted_at IS NULL";

        fn is_known(&self) -> bool {
            self.known
        }

        fn keep(&mut self, row: Option<&Agent>) {
            self.known = true;
            self.open_count = row.map_or(0, |row| row.open_count);
        }

        /// It goes on counting, as what nobody ever knew does.
        fn forget(&mut self) {
            self.known = false;
        }
    }
}

/// What an organization has subscribed to. Both texts may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub plan: String,
    pub status: String,
}

impl Organization {
    pub fn subscription(&self) -> Subscription {
        Subscription { plan: self.subscription_plan.clone(), status: self.subscription_status.clone() }
    }

    pub fn set_subscription(&mut self, subscription: Subscription) {
        self.subscription_plan = subscription.plan;
        self.subscription_status = subscription.status;
    }
}

impl InData for Subscription {
    fn show(&self) -> Value {
        json!({ "plan": self.plan, "status": self.status })
    }

    fn read(data: &Data<'_>, name: &str) -> Option<Subscription> {
        let inner = Data { fields: data.fields.get(name)?.as_object()?, position: data.position };
        Some(Subscription { plan: inner.text("plan"), status: inner.text("status") })
    }
}
