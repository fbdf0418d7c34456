//! What the author of a resource sees.
