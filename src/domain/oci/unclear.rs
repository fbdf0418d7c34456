//! Why it is not clear which image of files is meant.

/// Why none is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unclear {
    /// A file of theirs cannot be read.
    #[error("its {file} cannot be read: {why}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        why: String,
    },
    /// There is none.
    #[error("it holds no image")]
    Empty,
    /// There are several.
    #[error("it holds several images: {}", .0.join(", "))]
    Several(Vec<String>),
    /// There is none of that name.
    #[error("it holds no image `{wanted}`, but {}", .found.join(", "))]
    NoSuch {
        /// The name.
        wanted: String,
        /// Those that there are.
        found: Vec<String>,
    },
}

impl Unclear {
    /// Whether another name for the image would help.
    pub fn is_choice(&self) -> bool {
        matches!(self, Self::Several(_) | Self::NoSuch { .. })
    }
}
