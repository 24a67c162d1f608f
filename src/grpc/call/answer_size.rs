//! Bounded answers: pages end where clients would refuse what is larger.

use crate::store::read::list::{By, Page, keys};

/// Bytes of the messages in one answer: 3.5 MiB, less what stands beside them. By default gRPC clients take 4 MiB.
const ROOM: usize = 3_600_000;
/// Of one message: its tag and its length.
const BESIDE: usize = 8;

/// What an answer holds so far.
#[derive(Default)]
pub struct AnswerSize(usize);

impl AnswerSize {
    /// Whether a message of so many bytes fits, too. The first one always does: without it there would be no answer.
    pub fn takes(&mut self, bytes: usize) -> bool {
        let with = self.0 + bytes + BESIDE;
        let fits = self.0 == 0 || with <= ROOM;
        if fits {
            self.0 = with;
        }
        fits
    }
}

/// The page as far as it fits, converted; what does not fit begins the next one.
pub fn fit<R, T>(order: &[By<R>], page: Page<R>, mut show: impl FnMut(R) -> T, bytes: impl Fn(&T) -> usize) -> Page<T> {
    let Page { rows, mut next } = page;
    let (mut size, mut shown, mut last) = (AnswerSize::default(), Vec::with_capacity(rows.len()), None);
    for row in rows {
        let place = keys(order, &row);
        let message = show(row);
        if !size.takes(bytes(&message)) {
            next = last;
            break;
        }
        shown.push(message);
        last = Some(place);
    }
    Page { rows: shown, next }
}
