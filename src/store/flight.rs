//! Statements that are sent together, pipelined.

use diesel::result::QueryResult;
use futures_util::future::BoxFuture;

use super::lookup::Key;

/// A tenant, and the key of what is wanted of it.
pub(super) type Pair<'w, K> = (&'w str, &'w <K as Key>::Sent);

/// Statements that are answered together.
pub(super) type Flight<'f> = Vec<BoxFuture<'f, QueryResult<()>>>;

/// A statement of the flight, where anything is wanted of it.
pub(super) fn ask<'f, K, R: Send, F: Future<Output = QueryResult<Vec<R>>> + Send + 'f>(
    flight: &mut Flight<'f>,
    pairs: &'f [(&'f str, K)],
    place: &'f mut Vec<R>,
    find: impl FnOnce(&'f [(&'f str, K)]) -> F,
) {
    if !pairs.is_empty() {
        let found = find(pairs);
        flight.push(Box::pin(async move {
            *place = found.await?;
            Ok(())
        }));
    }
}
