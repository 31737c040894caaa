//! Something that is on or off, and that others wait for.
//!
//! Those who wait go on in the order in which they came; tokio's own `watch` wakes them
//! in an order that is not the same each time.

use parking_lot::Mutex;
use tokio::sync::Notify;

/// A value to wait for.
#[derive(Default)]
pub(crate) struct Switch<T> {
    value: Mutex<T>,
    changed: Notify,
}

impl<T: Copy> Switch<T> {
    pub(crate) fn set(&self, value: T) {
        *self.value.lock() = value;
        self.changed.notify_waiters();
    }

    pub(crate) fn get(&self) -> T {
        *self.value.lock()
    }

    /// Waits until `wanted` makes something of the value.
    pub(crate) async fn until<U>(&self, wanted: impl Fn(T) -> Option<U>) -> U {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if let Some(found) = wanted(self.get()) {
                return found;
            }
            changed.await;
        }
    }
}
