//! What a cause is: its code, meaning, place and remedy. `list.rs` has all of them.

mod list;

pub use list::Cause;

/// Declares the causes, so that none lacks its code, meaning, place or remedy.
macro_rules! causes {
    ($($name:ident $code:literal { $meaning:literal, seen: $seen:literal, do: $remedy:literal })*) => {
        /// Why something fails. A code is never used for anything else again.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $(#[doc = concat!("The cause `", $code, "`.")] $name,)*
        }

        impl Cause {
            /// All causes, by rank.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it means, as a clause.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// Where it is seen.
            pub fn seen(self) -> &'static str {
                match self { $(Self::$name => $seen,)* }
            }

            /// What can be done about it.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)* }
            }
        }
    };
}

impl Cause {
    /// What keeps a node from an image and is told by no other message than a diagnosis.
    pub const OF_PULLS: &'static [Self] = &[
        Self::PullSecretMissing,
        Self::PullSecretElsewhere,
        Self::PullSecretBoundLate,
        Self::PullSecretNotBound,
        Self::PullSecretUnreadable,
        Self::PullSecretKeyForm,
        Self::PullSecretOtherRegistry,
        Self::RegistryLoginRefused,
        Self::PullDenied,
        Self::PullLoginMissing,
    ];
}

use causes;
