//! What makes a request a write: its verb, and its response out of what the verb answers with. One line for each.

pub use std::sync::Arc;

use prost::Message as _;

pub use crate::command::resource::Held;
pub use crate::command::{Command, Refusal, Resource, Verb};
pub use crate::grpc::convert::answer::{self, At};
pub use crate::grpc::convert::violations::Violations;
pub use crate::grpc::pb;
use crate::identity::Caller;

/// A request that writes.
pub trait Write: prost::Message + Sized {
    /// The RPC's name: with the message it tells whether two requests are the same.
    const METHOD: &'static str;
    /// Where the log has its answer.
    const HELD: Held;

    type Response: prost::Message;

    fn request_id(&self) -> &str;

    fn validate_only(&self) -> bool;

    /// Paths of the fields that it sets although a requester must not.
    fn reserved(&self) -> Vec<String> {
        Vec::new()
    }

    /// What it asks for. Where something is wrong, `found` says so and the verb stands for nothing.
    fn verb(self, found: &mut Violations) -> Arc<dyn Verb>;

    /// `None` when the resource is not of the kind that the response holds.
    fn answer(resource: Resource, at: At) -> Option<Self::Response>;
}

/// An RPC that writes, whatever its messages are.
pub struct WriteMethod {
    pub name: &'static str,
    /// The command of an encoded request.
    pub command: fn(Caller, &[u8]) -> Result<Command, BadRequest>,
    /// The encoded response, as for [`Write::answer`].
    pub answer: fn(Resource, At) -> Option<Vec<u8>>,
}

#[derive(Debug)]
pub enum BadRequest {
    Encoding(prost::DecodeError),
    Refused(Refusal),
}

impl WriteMethod {
    pub const fn of<W: Write + Default>() -> WriteMethod {
        WriteMethod {
            name: W::METHOD,
            command: |caller, bytes| {
                let request = W::decode(bytes).map_err(BadRequest::Encoding)?;
                super::command(caller, request).map_err(BadRequest::Refused)
            },
            answer: |resource, at| Some(W::answer(resource, at)?.encode_to_vec()),
        }
    }
}

/// The RPC of a request: its name without `Request`.
pub const fn method(request: &'static str) -> &'static str {
    request.split_at(request.len() - "Request".len()).0
}

/// `writes! { HoldTicketRequest -> HoldTicketResponse { ticket: Ticket }, by hold; }`, with
/// `fn hold(pb::HoldTicketRequest, &mut Violations) -> MoveTicket`, makes that request a [`Write`] whose verb is a `MoveTicket` and
/// whose response holds a `Ticket` in its field `ticket`. In the braces may stand, too:
///
/// - `ticket: Ticket, by reopened`: `fn reopened(Ticket, At) -> Response` makes the response, which says more;
/// - `tickets: [Ticket]`: the tickets of a batch;
/// - `teams: each Team`: the entries of a batch, in its order;
/// - `message: Message, ticket: Ticket`: a message and its ticket.
///
/// Behind `by hold`, `except reserved` names the function of the request for [`Write::reserved`].
///
/// `METHODS` lists them.
macro_rules! writes {
    ($($request:ident -> $response:ident $holds:tt, by $read:ident $(, except $reserved:ident)?;)+) => {
        pub static METHODS: &[super::writes::WriteMethod] =
            &[$(super::writes::WriteMethod::of::<crate::grpc::pb::$request>(),)+];

        $(
        const _: () = {
            use crate::grpc::convert::commands::writes::*;

            impl Write for pb::$request {
                const METHOD: &'static str = method(stringify!($request));
                type Response = pb::$response;

                fn request_id(&self) -> &str {
                    &self.request_id
                }

                fn validate_only(&self) -> bool {
                    self.validate_only
                }

                fn verb(self, found: &mut Violations) -> Arc<dyn Verb> {
                    Arc::new($read(self, found))
                }

                $(fn reserved(&self) -> Vec<String> {
                    $reserved(self)
                })?

                writes! { @answer $response $holds }
            }
        };
        )+
    };
    (@answer $response:ident { $field:ident: $row:ident }) => {
        const HELD: Held = Held::One(Resource::logged::<$row>);

        fn answer(resource: Resource, at: At) -> Option<pb::$response> {
            let $field = Some(answer::one::<$row>(resource, at.disclosure)?);
            Some(pb::$response { $field, position: at.position, epoch: at.epoch })
        }
    };
    (@answer $response:ident { $field:ident: $row:ident, by $make:ident }) => {
        const HELD: Held = Held::One(Resource::logged::<$row>);

        fn answer(resource: Resource, at: At) -> Option<pb::$response> {
            Some($make(answer::row::<$row>(resource)?, at))
        }
    };
    (@answer $response:ident { tickets: [Ticket] }) => {
        const HELD: Held = Held::Tickets;

        fn answer(resource: Resource, at: At) -> Option<pb::$response> {
            let tickets = answer::tickets(resource, at.disclosure)?;
            Some(pb::$response { tickets, position: at.position, epoch: at.epoch })
        }
    };
    (@answer $response:ident { $field:ident: each $row:ident }) => {
        const HELD: Held = Held::Each(Resource::logged::<$row>);

        fn answer(resource: Resource, at: At) -> Option<pb::$response> {
            let $field = answer::each::<$row>(resource, at.disclosure)?;
            Some(pb::$response { $field, position: at.position, epoch: at.epoch })
        }
    };
    (@answer $response:ident { message: Message, ticket: Ticket }) => {
        const HELD: Held = Held::Message;

        fn answer(resource: Resource, at: At) -> Option<pb::$response> {
            let (message, ticket) = answer::message(resource, at.disclosure)?;
            Some(pb::$response {
                message: Some(message),
                ticket: Some(ticket),
                position: at.position,
                epoch: at.epoch,
            })
        }
    };
}
