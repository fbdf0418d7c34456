//! Names of S3's buckets.

/// What is wrong with a bucket's name, as a clause; `None` if AWS may have such a bucket. An ARN of an access point stands for
/// one as well.
///
/// Source: Amazon S3 User Guide, "General purpose bucket naming rules". Buckets of us-east-1 from before March 2018 may be
/// called otherwise, up to 255 characters, so it is no reason to refuse one.
pub fn bucket_fault(name: &str) -> Option<&'static str> {
    if name.starts_with("arn:") {
        return None;
    }
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.contains('/') {
        return Some("a name has no `/`; a folder is given by root_directory");
    }
    if !(3..=63).contains(&name.len()) {
        return Some("names have 3 to 63 characters");
    }
    if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.') {
        return Some("names are of small letters, digits, `-` and `.`");
    }
    if !is_edge(name.chars().next()) || !is_edge(name.chars().last()) {
        return Some("names begin and end with a letter or digit");
    }
    if name.contains("..") {
        return Some("names have no two dots in a row");
    }
    name.parse::<std::net::Ipv4Addr>().is_ok().then_some("a name is no IP address")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_aws_takes_are_taken() {
        for name in ["images", "a-b.c", "123", "my.registry.images-2", "arn:aws:s3:eu-west-1:1:accesspoint/x"] {
            assert_eq!(bucket_fault(name), None, "{name}");
        }
    }

    #[test]
    fn others_are_told_with_the_rule() {
        for name in ["ab", "Images", "a_b", "-ab", "ab.", "a..b", "192.168.5.4", "s3://images", "images/team", ""] {
            assert!(bucket_fault(name).is_some(), "{name}");
        }
    }
}
