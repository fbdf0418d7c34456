//! The form of AWS's regions, so that a slip of the pen is told before it costs a minute of silence.

/// Regions that people mean most, to hint at (<https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>),
/// each with the first major version of the registry that knows it: distribution 2.8.3 has aws-sdk-go 1.15.11, and 3.1.1 has
/// 1.55.5. A registry starts with no other region, unless it is given an endpoint.
const KNOWN: [(&str, u32); 36] = [
    ("af-south-1", 3),
    ("ap-east-1", 3),
    ("ap-east-2", YOUNGER),
    ("ap-northeast-1", 2),
    ("ap-northeast-2", 2),
    ("ap-northeast-3", 3),
    ("ap-south-1", 2),
    ("ap-south-2", 3),
    ("ap-southeast-1", 2),
    ("ap-southeast-2", 2),
    ("ap-southeast-3", 3),
    ("ap-southeast-4", 3),
    ("ap-southeast-5", YOUNGER),
    ("ap-southeast-7", YOUNGER),
    ("ca-central-1", 2),
    ("ca-west-1", 3),
    ("cn-north-1", 2),
    ("cn-northwest-1", 2),
    ("eu-central-1", 2),
    ("eu-central-2", 3),
    ("eu-north-1", 3),
    ("eu-south-1", 3),
    ("eu-south-2", 3),
    ("eu-west-1", 2),
    ("eu-west-2", 2),
    ("eu-west-3", 2),
    ("il-central-1", 3),
    ("me-central-1", 3),
    ("me-south-1", 3),
    ("mx-central-1", YOUNGER),
    ("sa-east-1", 2),
    ("us-east-1", 2),
    ("us-east-2", 2),
    ("us-gov-west-1", 2),
    ("us-west-1", 2),
    ("us-west-2", 2),
];

/// The major version of the registry of which the newest regions are known.
const NEWEST: u32 = 3;
/// Of a region that is younger than that.
const YOUNGER: u32 = NEWEST + 1;

/// Whether a text has the form of a region, known or new: `PLACE-DIRECTION-NUMBER`, or `aws-global` and its like.
pub fn is_region(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let is_word = |part: &&str| part.len() > 1 && part.bytes().all(|octet| octet.is_ascii_lowercase());
    match parts.as_slice() {
        [first, "global"] => first.starts_with("aws"),
        [words @ .., number] if words.len() > 1 => {
            let is_number = (1..=2).contains(&number.len()) && number.bytes().all(|octet| octet.is_ascii_digit());
            is_number && words.iter().all(is_word)
        }
        _ => false,
    }
}

/// Whether a region is one of AWS's that a registry of this major version does not know.
pub fn is_unknown_to_registry(region: &str, major: Option<u32>) -> bool {
    let major = major.unwrap_or(NEWEST).clamp(2, NEWEST);
    KNOWN.iter().any(|(name, since)| *name == region && major < *since)
}

/// The region that a misspelled one means: without regard to case and dividers, and without an availability zone's letter.
pub fn meant(text: &str) -> Option<&'static str> {
    let bare = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let mine = bare(text);
    let is_same = |known: &&str| {
        let known = bare(known);
        let zone = mine
            .strip_prefix(&known)
            .is_some_and(|rest| rest.len() == 1 && rest.starts_with(|c: char| c.is_ascii_lowercase()));
        mine == known || zone
    };
    KNOWN.iter().map(|(name, _)| *name).find(is_same)
}

/// What was meant, in words that end a sentence.
pub fn hint(text: &str) -> String {
    meant(text).map(|region| format!("; `{region}` is one")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_and_new_regions_have_the_form_and_slips_have_not() {
        for region in KNOWN.map(|(name, _)| name).into_iter().chain([
            "us-iso-east-1",
            "eusc-de-east-1",
            "xx-newland-12",
            "aws-global",
        ]) {
            assert!(is_region(region), "{region}");
        }
        for (slip, meant_region) in [
            ("eu-central1", Some("eu-central-1")),
            ("eucentral1", Some("eu-central-1")),
            ("EU-CENTRAL-1", Some("eu-central-1")),
            ("eu_central_1", Some("eu-central-1")),
            ("eu-central-1a", Some("eu-central-1")),
            ("us east 1", Some("us-east-1")),
            ("frankfurt", None),
            ("", None),
            ("default", None),
        ] {
            assert!(!is_region(slip), "{slip}");
            assert_eq!(meant(slip), meant_region, "{slip}");
        }
    }
}
