//! The generated messages and services of proto/, and the descriptors that reflection serves.

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

/// By hand, for the server's sake: see there.
pub use super::frame::StreamActivitiesResponse;
pub use super::shown::{GetTicketResponse, ListTicketsResponse};

pub mod stream_activities_response {
    pub use crate::grpc::frame::Event;
}

/// Every file of proto/ and what it imports, extensions (google.api.http) included.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/docket.bin"));
