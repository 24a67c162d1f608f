//! Contacts: the people who open tickets.

use std::sync::Arc;

use serde_json::Value;

use super::Entry;
use crate::command::configured::Configured;
use crate::command::refusal::Kind;
use crate::command::{Stop, Want, World};
use crate::model::activity_type::ActivityType;
use crate::model::directory::Contact;
use crate::model::shown::{Data, shown, stamped};

impl Entry for Contact {
    const KIND: Kind = Kind::Contact;
    const UPSERT: &'static str = "upsert_contact";
    const DELETE: &'static str = "delete_contact";

    fn key(&self) -> &str {
        &self.id
    }

    fn want(id: &str) -> Want {
        Want::Contact(id.to_owned())
    }

    fn row(world: &World, id: &str) -> Result<Option<Arc<Contact>>, Stop> {
        world.contact_row(id)
    }
}

impl Configured for Contact {
    const CHANGED: ActivityType = ActivityType::ContactChanged;

    fn id(&self) -> String {
        self.id.clone()
    }

    fn show(&self) -> Value {
        shown!(self, {
            "id": self.id,
            "name": self.name,
            "email": self.email,
            "organization_id": self.organization_id,
            "attributes": self.attributes,
        })
    }

    fn read(data: &Data<'_>) -> Option<Contact> {
        stamped!(Contact of data {
            id: data.text("id"),
            name: data.text("name"),
            email: data.text("email"),
            organization_id: data.text("organization_id"),
            attributes: data.value("attributes"),
        })
    }

    fn put(self: Arc<Contact>, world: &mut World) {
        world.contacts.put(self.id.clone(), self);
    }
}
