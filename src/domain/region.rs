//! The form of AWS's regions, so that a slip of the pen is told before it costs a minute of silence.

/// Regions that people mean most, to hint at (<https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html>).
const KNOWN: [&str; 36] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

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

/// Regions that the second major version of the registry knows (distribution 2.8.3 has aws-sdk-go 1.15.11): it starts with
/// none but these, unless it is given an endpoint.
const KNOWN_TO_VERSION_2: [&str; 18] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// Regions that the third does not know, up to 3.1.1 (aws-sdk-go 1.55.5).
const UNKNOWN_TO_VERSION_3: [&str; 4] = ["ap-east-2", "ap-southeast-5", "ap-southeast-7", "mx-central-1"];

/// Whether a region is one of AWS's that a registry of this major version does not know.
pub fn is_unknown_to_registry(region: &str, major: Option<u32>) -> bool {
    KNOWN.contains(&region)
        && match major {
            Some(0..=2) => !KNOWN_TO_VERSION_2.contains(&region),
            _ => UNKNOWN_TO_VERSION_3.contains(&region),
        }
}

/// The region that a misspelled one means: without regard to case and dividers, and without an availability zone's letter.
pub fn meant(text: &str) -> Option<&'static str> {
    let bare = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let mine = bare(text);
    let is_same = |known: &&&str| {
        let known = bare(known);
        let zone = mine
            .strip_prefix(&known)
            .is_some_and(|rest| rest.len() == 1 && rest.starts_with(|c: char| c.is_ascii_lowercase()));
        mine == known || zone
    };
    KNOWN.iter().find(is_same).copied()
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
        for region in KNOWN.into_iter().chain(["us-iso-east-1", "eusc-de-east-1", "xx-newland-12", "aws-global"]) {
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
