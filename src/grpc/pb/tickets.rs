//! Responses with tickets, written by hand: a ticket may be bytes that were encoded before.

use prost::bytes::Bytes;
use prost::{Message, Name};

use super::Included;

/// `docket.v1.ListTicketsResponse`, with tickets as their bytes.
#[derive(Clone, PartialEq, Message)]
pub struct ListTicketsResponse {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub tickets: Vec<Bytes>,
    #[prost(string, tag = "2")]
    pub next_page_token: String,
    #[prost(message, repeated, tag = "3")]
    pub included: Vec<Included>,
    #[prost(string, repeated, tag = "4")]
    pub left_out: Vec<String>,
}

/// `docket.v1.GetTicketResponse`, with the ticket as its bytes.
#[derive(Clone, PartialEq, Message)]
pub struct GetTicketResponse {
    #[prost(bytes = "bytes", optional, tag = "1")]
    pub ticket: Option<Bytes>,
    #[prost(message, optional, tag = "2")]
    pub included: Option<Included>,
    #[prost(string, repeated, tag = "3")]
    pub left_out: Vec<String>,
}

impl Name for ListTicketsResponse {
    const NAME: &'static str = "ListTicketsResponse";
    const PACKAGE: &'static str = "docket.v1";
}

impl Name for GetTicketResponse {
    const NAME: &'static str = "GetTicketResponse";
    const PACKAGE: &'static str = "docket.v1";
}

#[cfg(test)]
mod tests {
    use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

    use super::*;
    use crate::grpc::pb;

    fn descriptor(name: &str) -> MessageDescriptor {
        let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).expect("the descriptors read back");
        pool.get_message_by_name(name).expect("the answer")
    }

    /// What is read by the proto's descriptor, and that nothing of it is unknown there.
    fn read_back(name: &str, answer: &impl Message) -> DynamicMessage {
        let read = DynamicMessage::decode(descriptor(name), answer.encode_to_vec().as_slice()).expect("it reads back");
        assert_eq!(read.unknown_fields().count(), 0);
        assert_eq!(read.encode_to_vec(), answer.encode_to_vec());
        read
    }

    fn fields(name: &str) -> Vec<(String, u32)> {
        let fields = descriptor(name);
        let mut fields: Vec<(String, u32)> = fields.fields().map(|it| (it.name().to_owned(), it.number())).collect();
        fields.sort_by_key(|(_, number)| *number);
        fields
    }

    fn ticket(subject: &str) -> pb::Ticket {
        pb::Ticket { subject: subject.into(), number: 7, ..Default::default() }
    }

    #[test]
    fn the_wire_of_a_list_is_that_of_the_proto() {
        let name = "docket.v1.ListTicketsResponse";
        let all =
            [("tickets".into(), 1), ("next_page_token".into(), 2), ("included".into(), 3), ("left_out".into(), 4)];
        assert_eq!(fields(name), all);
        let tickets = ["One", "Two"].map(ticket);
        let answer = ListTicketsResponse {
            tickets: tickets.iter().map(|ticket| ticket.encode_to_vec().into()).collect(),
            next_page_token: "on".into(),
            included: vec![Included::default()],
            left_out: vec!["weather".into()],
        };
        let shown = read_back(name, &answer);
        let shown = shown.get_field_by_name("tickets").expect("tickets");
        let shown = shown.as_list().expect("a list").iter().filter_map(|ticket| ticket.as_message());
        let again: Vec<pb::Ticket> = shown.map(|ticket| ticket.transcode_to().expect("a ticket")).collect();
        assert_eq!(again, tickets);
    }

    #[test]
    fn the_wire_of_a_ticket_is_that_of_the_proto() {
        let name = "docket.v1.GetTicketResponse";
        assert_eq!(fields(name), [("ticket".into(), 1), ("included".into(), 2), ("left_out".into(), 3)]);
        let one = ticket("One");
        let answer = GetTicketResponse {
            ticket: Some(one.encode_to_vec().into()),
            included: Some(Included::default()),
            left_out: vec!["weather".into()],
        };
        let shown = read_back(name, &answer);
        let shown = shown.get_field_by_name("ticket").expect("a ticket");
        assert_eq!(shown.as_message().expect("a message").transcode_to::<pb::Ticket>().expect("a ticket"), one);
        assert_eq!(read_back(name, &GetTicketResponse::default()).fields().count(), 0);
    }
}
