//! Who has a wish in hand: the one who made it may take it back until it is sent, and waits for its outcome after that.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// It can be taken back.
const WAITING: u8 = 0;
/// It is with AWS.
const SENT: u8 = 1;
/// It was taken back.
const WITHDRAWN: u8 = 2;

/// Shared by the queue and the one who waits: exactly one of them decides whether a wish is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Ticket(Arc<AtomicU8>);

impl Ticket {
    /// The queue sends the wish now; false if it was taken back.
    pub(super) fn send(&self) -> bool {
        self.turn(WAITING, SENT) || self.0.load(Ordering::Acquire) == SENT
    }

    /// AWS did not carry it out; it may be sent again.
    pub(super) fn refused(&self) {
        self.turn(SENT, WAITING);
    }

    /// Takes the wish back; false while it is with AWS.
    pub(super) fn withdraw(&self) -> bool {
        self.turn(WAITING, WITHDRAWN) || self.is_withdrawn()
    }

    /// Whether nobody wants it any more.
    pub(super) fn is_withdrawn(&self) -> bool {
        self.0.load(Ordering::Acquire) == WITHDRAWN
    }

    fn turn(&self, from: u8, to: u8) -> bool {
        self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_taken_back_or_sent_and_never_both() {
        let ticket = Ticket::default();
        assert!(ticket.send() && !ticket.withdraw(), "it is with AWS");
        ticket.refused();
        assert!(ticket.withdraw() && !ticket.send(), "AWS gave it back");
        ticket.refused();
        assert!(ticket.is_withdrawn() && ticket.withdraw());
    }
}
