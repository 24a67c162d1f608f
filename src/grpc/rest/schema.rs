//! Descriptors of the contract: messages, methods, and the resource that a request is about.

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::words::fold;
use crate::grpc::pb;

pub const PACKAGE: &str = "docket.v1";

/// The contract, as this build has it.
#[derive(Clone, Debug)]
pub struct Schema {
    pub(super) pool: DescriptorPool,
}

#[derive(Debug, thiserror::Error)]
#[error("the descriptors of this build cannot be read: {0}")]
pub struct SchemaError(String);

impl Schema {
    pub fn new() -> Result<Schema, SchemaError> {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).map_err(|error| SchemaError(error.to_string()))?;
        Ok(Schema { pool })
    }

    /// A message of docket.v1.
    pub fn message(&self, name: &str) -> Result<MessageDescriptor, SchemaError> {
        let found = self.pool.get_message_by_name(&format!("{PACKAGE}.{name}"));
        found.ok_or_else(|| SchemaError(format!("there is no message {name}")))
    }

    /// An RPC of docket.v1; no two services have one of the same name.
    pub fn method(&self, name: &str) -> Result<MethodDescriptor, SchemaError> {
        let found = self.methods().find(|method| method.name() == name);
        found.ok_or_else(|| SchemaError(format!("there is no RPC {name}")))
    }

    pub fn methods(&self) -> impl Iterator<Item = MethodDescriptor> + '_ {
        let services = self.pool.services().filter(|service| service.package_name() == PACKAGE);
        services.flat_map(|service| service.methods().collect::<Vec<_>>())
    }
}

/// What a request is about: its only message of docket.v1, as `ticket` in CreateTicketRequest.
pub fn resource(request: &MessageDescriptor) -> Option<(FieldDescriptor, MessageDescriptor)> {
    let mut found = request.fields().filter(|field| !field.is_list() && !field.is_map()).filter_map(|field| {
        let Kind::Message(message) = field.kind() else { return None };
        (message.package_name() == PACKAGE).then_some((field, message))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// What a method's filter is about: the repeated message of its answer, or, of figures, what they count.
pub fn listed(method: &MethodDescriptor) -> Option<MessageDescriptor> {
    const FIGURES: [(&str, &str); 2] = [("GetTicketStats", "Ticket"), ("GetSlaReport", "SlaOutcome")];
    if let Some((_, counted)) = FIGURES.iter().find(|(name, _)| *name == method.name()) {
        return method.parent_pool().get_message_by_name(&format!("{PACKAGE}.{counted}"));
    }
    method.output().fields().filter(|field| field.is_list()).find_map(|field| match field.kind() {
        Kind::Message(message) => Some(message),
        _ => None,
    })
}

/// The field that a name stands for, by itself.
pub fn named(message: &MessageDescriptor, written: &str) -> Option<FieldDescriptor> {
    let wanted = fold(written);
    let exact = message.fields().find(|field| fold(field.name()) == wanted);
    exact.or_else(|| message.fields().find(|field| fold(field.name()) == format!("{wanted}id")))
}
