//! Text that must not be seen: never printed, wiped when dropped, taken out of what others say.

mod known;

use std::fmt;

use zeroize::Zeroizing;

pub use known::{hidden, learn, learn_named};

/// A password, key or token. `Debug` shows nothing of it and there is no `Display`;
/// the memory is wiped when the last copy goes. From its making on, diagnostics and log lines are rid of it,
/// whatever they quote.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        let text = Zeroizing::new(text.into());
        learn(&text);
        Self(text)
    }

    /// 32 random bytes as hexadecimal digits; `None` if the system gives no randomness.
    pub fn random() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        aws_lc_rs::rand::fill(bytes.as_mut()).ok()?;
        let digits = hex(bytes.as_ref());
        learn(&digits);
        Some(Self(digits))
    }

    /// Shows the text to the one place that needs it: a signature, a login.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Lower-case hexadecimal digits, two a byte.
fn hex(bytes: &[u8]) -> Zeroizing<String> {
    use fmt::Write as _;
    let empty = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    bytes.iter().fold(empty, |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter2")), "Secret(…)");
    }

    #[test]
    fn what_was_a_secret_once_is_taken_out_of_texts() {
        let text = "the program says: opensesame-4711";
        assert_eq!(hidden(text), text);
        drop(Secret::new("opensesame-4711"));
        assert_eq!(hidden(text), "the program says: (hidden)");
    }
}
