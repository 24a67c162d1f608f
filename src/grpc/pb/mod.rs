//! The generated messages and services of proto/, and the descriptors that reflection serves.

mod frame;
mod tickets;

pub mod docket {
    #[allow(unused_qualifications, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("docket.v1");
    }
}

pub mod google {
    pub mod r#type {
        tonic::include_proto!("google.r#type");
    }
}

pub use docket::v1::*;
pub use google::r#type::DayOfWeek;

/// Written by hand, so that the server can send bytes that it has encoded before.
pub use frame::StreamActivitiesResponse;
pub use tickets::{GetTicketResponse, ListTicketsResponse};

pub mod stream_activities_response {
    pub use super::frame::Event;
}

/// Every file of proto/ and what it imports, extensions (google.api.http, docket.v1.access) included.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/docket.bin"));
