//! Moments that nobody chose, and that a failure can name: the same for the same seed.

use std::time::Duration;

/// Numbers by chance (Knuth's linear congruential generator).
pub struct Chance(pub u64);

impl Chance {
    /// A number of those below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// A time of less than so many milliseconds.
    pub fn moment(&mut self, milliseconds: u64) -> Duration {
        Duration::from_millis(self.below(milliseconds))
    }
}
