//! The fingerprints of an issuer's certificate authority, in the form in which IAM keeps them.

/// IAM keeps them in small letters.
pub fn in_small_letters(thumbprints: &[String]) -> Vec<String> {
    thumbprints.iter().map(|thumbprint| thumbprint.to_ascii_lowercase()).collect()
}

/// Whether two lists mean the same: hexadecimal digits have no case.
pub fn same_thumbprints(mine: &[String], theirs: &[String]) -> bool {
    mine.len() == theirs.len() && mine.iter().zip(theirs).all(|(mine, theirs)| mine.eq_ignore_ascii_case(theirs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_other_thumbprint_and_order_does() {
        let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(same_thumbprints(&list(&["9E99", "ab"]), &list(&["9e99", "AB"])));
        assert!(!same_thumbprints(&list(&["9e99", "ab"]), &list(&["ab", "9e99"])));
        assert!(!same_thumbprints(&list(&["9e99"]), &list(&["9e99", "ab"])));
        assert_eq!(in_small_letters(&list(&["9E99"])), ["9e99"]);
    }
}
