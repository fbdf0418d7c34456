//! The few pieces of DER (X.690) that PKCS#12 and JKS are built of.

/// One element: tag, length, and the parts one after the other.
pub fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 6);
    out.push(tag);
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let bytes = length.to_be_bytes();
            let digits: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
            out.extend(digits);
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// SEQUENCE.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(0x30, parts)
}

/// SET OF, its members in the order that DER asks for.
pub fn set(members: &[Vec<u8>]) -> Vec<u8> {
    let mut sorted: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
    sorted.sort_unstable();
    element(0x31, &sorted)
}

/// OCTET STRING.
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    element(0x04, &[bytes])
}

/// INTEGER, not negative.
pub fn number(value: u32) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let mut digits: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    element(0x02, &[&digits])
}

/// OBJECT IDENTIFIER, by its encoded content.
pub fn oid(content: &[u8]) -> Vec<u8> {
    element(0x06, &[content])
}

/// NULL.
pub fn null() -> Vec<u8> {
    element(0x05, &[])
}

/// `[0] EXPLICIT`.
pub fn tagged(content: &[u8]) -> Vec<u8> {
    element(0xA0, &[content])
}

/// The first member of a SEQUENCE, with its tag and length.
pub fn first_member(sequence: &[u8]) -> Option<&[u8]> {
    let content = body(sequence)?.0;
    let (_, size) = body(content)?;
    content.get(..size)
}

/// The content of the first element, and how many bytes the element has in all.
fn body(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let first = *bytes.get(1)?;
    let (header, length) = if first < 0x80 {
        (2, usize::from(first))
    } else {
        let digits = bytes.get(2..2 + usize::from(first & 0x7F)).filter(|digits| digits.len() <= 4)?;
        (2 + digits.len(), digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
    };
    Some((bytes.get(header..header.checked_add(length)?)?, header + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_numbers_are_as_short_as_can_be() {
        assert_eq!(number(0), [2, 1, 0]);
        assert_eq!(number(128), [2, 2, 0, 128]);
        assert_eq!(number(10_000), [2, 2, 0x27, 0x10]);
        assert_eq!(octets(&[7; 127])[..2], [4, 127]);
        assert_eq!(octets(&[7; 128])[..3], [4, 0x81, 128]);
        assert_eq!(octets(&[7; 256])[..4], [4, 0x82, 1, 0]);
    }

    #[test]
    fn the_first_member_is_found_in_whole_sequences_only() {
        let whole = sequence(&[&octets(&[1; 200]), &number(5)]);
        assert_eq!(first_member(&whole), Some(octets(&[1; 200]).as_slice()));
        for end in 0..whole.len() {
            assert_eq!(first_member(&whole[..end]), None, "{end}");
        }
    }
}
