//! ImportHolidays: the write, and what became of the text.

use tonic::Status;

use crate::grpc::call::write::write;
use crate::grpc::call::{Call, State};
use crate::grpc::convert::commands::sla::imported;
use crate::grpc::convert::sla::holiday_to_pb;
use crate::grpc::convert::violations::Violations;
use crate::grpc::pb;
use crate::model::sla::ics::{Imported, Left, Why};

/// More than these are counted, not told.
const TOLD: usize = 1_000;

pub async fn holidays(
    state: &State,
    call: Call,
    request: pb::ImportHolidaysRequest,
) -> Result<pb::ImportHolidaysResponse, Status> {
    // What is wrong with it, the write says.
    let Imported { taken, left } = imported(&request, &mut Violations::default());
    let answer = write(state, call, request).await?;
    Ok(pb::ImportHolidaysResponse {
        taken: taken.into_iter().map(holiday_to_pb).collect(),
        left_out_size: left.len().try_into().unwrap_or(i32::MAX),
        left_out: left.into_iter().take(TOLD).map(left_to_pb).collect(),
        ..answer
    })
}

fn left_to_pb(Left { line, name, date, why }: Left) -> pb::HolidayLeftOut {
    use pb::HolidayLeftOutReason as Reason;
    let reason = match why {
        Why::Excluded => Reason::Excluded,
        Why::Cancelled => Reason::Cancelled,
        Why::Superseded => Reason::Superseded,
        Why::OutsideYears => Reason::OutsideYears,
        Why::NoEvent => Reason::NoEvent,
    };
    pb::HolidayLeftOut {
        line: line.try_into().unwrap_or(i32::MAX),
        name,
        date: date.map(|date| date.to_string()).unwrap_or_default(),
        reason: reason.into(),
    }
}
