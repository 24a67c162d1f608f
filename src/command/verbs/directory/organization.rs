//! Organizations and their subscriptions.

use std::sync::Arc;

use serde_json::Value;

use super::Entry;
use crate::command::configured::Configured;
use crate::command::refusal::Kind;
use crate::command::{Stop, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::directory::Organization;
use crate::model::shown::{Data, shown, stamped};

impl Entry for Organization {
    const KIND: Kind = Kind::Organization;
    const UPSERT: &'static str = "upsert_organization";
    const DELETE: &'static str = "delete_organization";

    fn key(&self) -> &str {
        &self.id
    }

    fn want(id: &str) -> Want {
        Want::Organization(id.to_owned())
    }

    fn row(world: &World, id: &str) -> Result<Option<Arc<Organization>>, Stop> {
        world.organization_row(id)
    }
}

impl Configured for Organization {
    const CHANGED: ActivityType = ActivityType::OrganizationChanged;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": self.id,
            "name": self.name,
            "tier": self.tier,
            "subscription": { "plan": self.subscription_plan, "status": self.subscription_status },
            "attributes": self.attributes,
        })
    }

    fn read(data: &Data<'_>) -> Option<Organization> {
        let subscription = data.fields.get("subscription").and_then(Value::as_object)?;
        let subscription = Data { fields: subscription, position: data.position };
        stamped!(Organization of data {
            id: data.text("id"),
            name: data.text("name"),
            tier: data.text("tier"),
            subscription_plan: subscription.text("plan"),
            subscription_status: subscription.text("status"),
            attributes: data.value("attributes"),
        })
    }

    fn put(self: Arc<Organization>, world: &mut World) {
        world.organizations.put(self.id.clone(), self);
    }
}
