//! Conditions of database errors, by SQLSTATE alone: message texts are in the server's language.

use diesel::result::{DatabaseErrorKind, Error};

/// Error conditions that are answered in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The session ended, is not to begin, or is with a server that does not write: another connection may do better.
    Lost,
    /// Others were in the way: the same again may pass.
    Contention,
    /// The statement timeout, or someone who cancelled the statement.
    Timeout,
    /// An earlier statement of the transaction failed, and has told why.
    Aborted,
    /// The server has not answered: the connection broke, or what was to be sent could not be.
    Unanswered,
    /// All else: the statement, its values or the schema.
    Failed,
}

impl Condition {
    /// Errors of connections that [`connect`](super::pool::connect) made: they carry their SQLSTATE.
    pub fn of(error: &Error) -> Condition {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand | DatabaseErrorKind::ClosedConnection, _) => {
                Condition::Unanswered
            }
            Error::DatabaseError(_, info) => code(info.message()).map_or(Condition::Failed, Condition::of_code),
            Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => Condition::Lost,
            _ => Condition::Failed,
        }
    }

    fn of_code(code: &str) -> Condition {
        match code {
            // connection_exception and its kind; a server that shuts down, crashed, starts, dropped the database.
            "57P01" | "57P02" | "57P03" | "57P04" => Condition::Lost,
            // The session was idle for too long, in a transaction or not, or the transaction took too long.
            "57P05" | "25P03" | "25P04" => Condition::Lost,
            // read_only_sql_transaction: after a failover, this is the standby.
            "25006" => Condition::Lost,
            // serialization_failure, deadlock_detected, lock_not_available.
            "40001" | "40P01" | "55P03" => Condition::Contention,
            // query_canceled.
            "57014" => Condition::Timeout,
            // in_failed_sql_transaction.
            "25P02" => Condition::Aborted,
            _ if code.starts_with("08") => Condition::Lost,
            _ => Condition::Failed,
        }
    }
}

/// Whether the connection is gone, so that another one may have the answer.
pub fn is_lost(error: &Error) -> bool {
    matches!(Condition::of(error), Condition::Lost | Condition::Unanswered)
}

/// The SQLSTATE of a tagged message: see [`tagged`](super::tagged).
fn code(message: &str) -> Option<&str> {
    let (code, _) = message.split_once(": ")?;
    let is_code = code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    is_code.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: DatabaseErrorKind, message: &str) -> Condition {
        Condition::of(&Error::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn each_code_has_its_condition() {
        use Condition::*;
        for (codes, condition) in [
            (&["08000", "08003", "08006", "08P01", "57P01", "57P02", "57P03", "57P04", "57P05"][..], Lost),
            (&["25P03", "25P04", "25006"], Lost),
            (&["40001", "40P01", "55P03"], Contention),
            (&["57014"], Timeout),
            (&["25P02"], Aborted),
            (&["23505", "23514", "22012", "22021", "42601", "42703", "42P01", "53100", "54000", "XX000"], Failed),
        ] {
            for code in codes {
                let said = format!("{code}: Verklemmung entdeckt");
                assert_eq!(of(DatabaseErrorKind::Unknown, &said), condition, "{code}");
            }
        }
    }

    #[test]
    fn words_decide_nothing() {
        for text in
            ["deadlock detected", "terminating connection: 57P01: no", "canceling statement due to statement timeout"]
        {
            assert_eq!(of(DatabaseErrorKind::Unknown, text), Condition::Failed, "{text}");
        }
        // A client's own message has no SQLSTATE, whatever it begins with.
        assert_eq!(of(DatabaseErrorKind::UnableToSendCommand, "40P01: closed"), Condition::Unanswered);
        assert!(is_lost(&Error::BrokenTransactionManager) && !is_lost(&Error::NotFound));
    }
}
