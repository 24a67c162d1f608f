//! The context of a call, and what all handlers share.

pub mod answer_size;
pub mod filters;
pub mod read;
pub mod rules;
pub mod ticket;
pub mod ticket_cache;
pub mod write;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use tonic::{Request, Response, Status};

use self::filters::Filters;
use self::rules::RuleFolder;
use self::ticket_cache::TicketCache;
use crate::feed::Feed;
use crate::grpc::convert::Disclosure;
use crate::grpc::server::gate;
use crate::grpc::server::layers::Deadline;
use crate::identity::{Caller, Verifier};
use crate::journal::Journal;
use crate::projection::Projections;
use crate::store::audience::Audience;
use crate::store::page::Tokens;
use crate::store::pool::Pool;
use crate::store::read::Scope;
use crate::telemetry::Trace;

/// One for a server, in an `Arc`; every service holds it.
pub struct State {
    /// For writes.
    pub journal: Journal,
    /// For reads.
    pub pool: Pool,
    pub tokens: Tokens,
    /// Shared with whoever makes rules active.
    pub rules: Arc<RuleFolder>,
    /// For streams, and for reads that ask how new an answer is.
    pub feed: Feed,
    /// For statistics and the search.
    pub projections: Projections,
    /// For lists, the search and statistics.
    pub filters: Filters,
    /// For GetTicket and lists of tickets.
    pub tickets: TicketCache,
    /// For streams, which end with their caller's token.
    pub verifier: Arc<Verifier>,
}

/// Who calls, what it may see, and until when it waits for the answer.
pub struct Call {
    pub caller: Caller,
    pub audience: Audience,
    pub deadline: Option<Instant>,
    /// Where the call is traced.
    pub trace: Option<Trace>,
}

impl Call {
    /// # Errors
    /// The request came through no gate.
    pub fn of<T>(request: &Request<T>) -> Result<Call, Status> {
        let caller = gate::caller(request)?.clone();
        let audience = Audience::reading(&caller);
        let deadline = request.extensions().get::<Deadline>().map(|deadline| deadline.0);
        let trace = request.extensions().get::<Trace>().cloned();
        Ok(Call { caller, audience, deadline, trace })
    }

    /// The rows that the caller may see.
    pub fn scope(&self) -> Scope<'_> {
        Scope { tenant_id: self.caller.tenant(), audience: &self.audience }
    }

    /// How much of those rows it is shown.
    pub fn disclosure(&self) -> Disclosure {
        Disclosure::to(&self.audience)
    }
}

/// `service! { Tickets: ticket_service_server::TicketService { get_ticket: GetTicketRequest -> GetTicketResponse, by get; } }`:
/// the struct of a service and its methods, each of which unpacks the request and hands it to
/// `async fn(&State, Call, Request) -> Result<Response, Status>`.
///
/// The future is boxed in a function without bounds of its own: there the compiler proves once that what all handlers have
/// in common is `Send`, and not again for each method of the trait.
macro_rules! service {
    ($(#[$meta:meta])* $name:ident: $module:ident::$service:ident {
        $($method:ident: $request:ident -> $response:ident, by $handler:path;)+
    }) => {
        $(#[$meta])*
        pub struct $name(pub std::sync::Arc<crate::grpc::call::State>);

        impl crate::grpc::pb::$module::$service for $name { $(
            fn $method<'s, 'f>(
                &'s self,
                request: tonic::Request<crate::grpc::pb::$request>,
            ) -> crate::grpc::call::Answered<'f, crate::grpc::pb::$response>
            where
                's: 'f,
                Self: 'f,
            {
                fn answer(
                    state: &crate::grpc::call::State,
                    request: tonic::Request<crate::grpc::pb::$request>,
                ) -> crate::grpc::call::Answered<'_, crate::grpc::pb::$response> {
                    Box::pin(async move {
                        let call = crate::grpc::call::Call::of(&request)?;
                        $handler(state, call, request.into_inner()).await.map(tonic::Response::new)
                    })
                }
                answer(&self.0, request)
            }
        )+ }
    };
}
pub(in crate::grpc) use service;

/// What a method of a service returns.
pub type Answered<'f, R> = Pin<Box<dyn Future<Output = Result<Response<R>, Status>> + Send + 'f>>;
