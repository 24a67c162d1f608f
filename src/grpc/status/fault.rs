//! gRPC statuses of faults: failures of the journal and errors of the database.

use std::fmt::Display;
use std::time::Duration;

use diesel::result::Error;
use tonic::Status;
use uuid::Uuid;

use crate::grpc::status;
use crate::journal::Failure;
use crate::projection::CatchUpError;
use crate::store::pool::PoolError;
use crate::store::sqlstate::Condition;

/// Why a write has no answer.
pub fn of_write(failure: Failure) -> Status {
    match failure {
        Failure::Refused(refusal) => status::refused(*refusal),
        Failure::Overloaded { what, retry_after } => status::overloaded(what, retry_after),
        Failure::DeadlinePassed => status::deadline_passed(),
        Failure::Unavailable { retry_after } => status::unavailable(retry_after),
        Failure::Internal { incident } => status::internal(&incident.to_string()),
    }
}

const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_millis(500);

/// Why a read got no connection.
pub fn of_pool(error: PoolError) -> Status {
    match error {
        PoolError::Busy => status::overloaded("every database connection for reads is taken", SOON),
        PoolError::NoConnection(why) => {
            tracing::warn!("A read found no database: {why}");
            status::unavailable(LATER)
        }
    }
}

/// Why what a read needs was not taken in.
pub fn of_catch_up(method: &'static str, error: CatchUpError) -> Status {
    match error {
        CatchUpError::Pool(error) => of_pool(error),
        CatchUpError::Query(error) => of_read(method, "", error),
    }
}

/// Why a read failed. `method` is the RPC's name; `narrower` says what would make it faster, '' for look-ups of one row:
/// those are slow only while the database is.
pub fn of_read(method: &'static str, narrower: &str, error: Error) -> Status {
    match Condition::of(&error) {
        Condition::Timeout if !narrower.is_empty() => status::query_too_slow(method, narrower),
        Condition::Timeout | Condition::Lost | Condition::Unanswered => {
            tracing::warn!(method, "{method} had no answer of its database: {error}");
            status::unavailable(LATER)
        }
        _ => incident(method, &error),
    }
}

/// Something that is our fault: the log has it, the caller an id to ask for.
pub fn incident(method: &'static str, what: &dyn Display) -> Status {
    let incident = Uuid::now_v7().to_string();
    tracing::error!(incident, method, "{method} broke: {what}");
    status::internal(&incident)
}

#[cfg(test)]
mod tests {
    use diesel::result::DatabaseErrorKind;
    use tonic::Code;
    use tonic_types::StatusExt;

    use super::*;
    use crate::command::Refusal;

    fn database(kind: DatabaseErrorKind, text: &str) -> Error {
        Error::DatabaseError(kind, Box::new(text.to_owned()))
    }

    #[test]
    fn a_client_hears_whose_fault_it_is_and_no_sql() {
        use DatabaseErrorKind::*;
        let slow = database(Unknown, "57014: Anfrage wird abgebrochen");
        let slow = of_read("ListTickets", "filter by status", slow);
        assert_eq!(slow.code(), Code::DeadlineExceeded);
        assert!(slow.message().contains("ListTickets") && slow.message().contains("filter by status"), "{slow:?}");

        for away in ["57P01: Verbindung wird abgebrochen", "57014: Anfrage wird abgebrochen"] {
            let away = of_read("GetTicket", "", database(Unknown, away));
            assert_eq!(away.code(), Code::Unavailable);
            assert!(away.get_details_retry_info().is_some());
        }

        let ours = of_read("GetTicket", "", database(Unknown, "42703: Spalte ticket.secret existiert nicht"));
        assert_eq!(ours.code(), Code::Internal);
        assert!(!ours.message().contains("secret"), "{ours:?}");
        let info = ours.get_details_error_info().expect("an ErrorInfo");
        assert_eq!(info.metadata["incident"].len(), 36);
    }

    #[test]
    fn every_failure_of_a_write_has_its_code() {
        let after = Duration::from_millis(70);
        for (failure, code, retry) in [
            (Failure::Refused(Box::new(Refusal::Deleted { name: "TKT-1".into() })), Code::FailedPrecondition, false),
            (Failure::Overloaded { what: "the tenant's queue", retry_after: after }, Code::ResourceExhausted, true),
            (Failure::DeadlinePassed, Code::DeadlineExceeded, false),
            (Failure::Unavailable { retry_after: after }, Code::Unavailable, true),
            (Failure::Internal { incident: Uuid::nil() }, Code::Internal, false),
        ] {
            let status = of_write(failure);
            let told = status.get_details_retry_info().and_then(|info| info.retry_delay);
            assert_eq!((status.code(), told), (code, retry.then_some(after)), "{status:?}");
        }
    }
}
