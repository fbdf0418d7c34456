//! Record values: what each type allows, and when two spellings mean the same.
//!
//! Formats: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::name::{DnsName, DnsNameError};
use super::record::RecordType;
use super::text::{self, TextError};

/// Longest value, in characters (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecord.html>).
const LONGEST: usize = 4_000;

/// Why a value does not fit its record type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The value has another shape than the type asks for.
    #[error("`{value}` is no {kind} value; expected {expected}")]
    Shape {
        /// The record type.
        kind: RecordType,
        /// The value, as written.
        value: String,
        /// The shape in words, with an example.
        expected: &'static str,
    },
    /// More parts than the type asks for: a blank within a name ends it.
    #[error("`{value}` has {parts} parts; expected {expected}; a blank within a name is written `\\040`")]
    Blank {
        /// The value, as written.
        value: String,
        /// How many parts it has.
        parts: usize,
        /// The shape in words, with an example.
        expected: &'static str,
    },
    /// The name within the value is no DNS name.
    #[error("`{value}` holds a bad name: {error}")]
    Name {
        /// The value, as written.
        value: String,
        /// What is wrong with the name.
        error: DnsNameError,
    },
    /// Longer than Route53 takes a value.
    #[error("the value has {0} characters as Route53 keeps it; 4,000 are allowed")]
    Long(usize),
    /// The quotation of a TXT value is broken.
    #[error("{0}")]
    Text(#[from] TextError),
    /// CNAME and SOA have one value.
    #[error("a {0} record has exactly one value, {1} are given")]
    OneOnly(RecordType, usize),
    /// There is no value.
    #[error("there is no value")]
    None,
    /// The same value twice, maybe in two spellings.
    #[error("the value `{0}` is given twice")]
    Twice(String),
}

/// The values as Route53 wants them, each checked against its type.
///
/// # Errors
/// The index of the value to blame (if one is), and why.
pub fn to_route53(kind: RecordType, values: &[String]) -> Result<Vec<String>, (Option<usize>, ValueError)> {
    if values.is_empty() {
        return Err((None, ValueError::None));
    }
    if matches!(kind, RecordType::Cname | RecordType::Soa) && values.len() > 1 {
        return Err((None, ValueError::OneOnly(kind, values.len())));
    }
    let mut seen = Vec::with_capacity(values.len());
    let mut wire = Vec::with_capacity(values.len());
    for (index, value) in values.iter().enumerate() {
        let normal = normal_form(kind, value).map_err(|error| (Some(index), error))?;
        if seen.contains(&normal) {
            return Err((Some(index), ValueError::Twice(value.clone())));
        }
        let sent = wire_form(kind, value).map_err(|error| (Some(index), error))?;
        if sent.chars().count() > LONGEST {
            return Err((Some(index), ValueError::Long(sent.chars().count())));
        }
        wire.push(sent);
        seen.push(normal);
    }
    Ok(wire)
}

/// Whether both lists hold the same values, whatever their order and spelling.
pub fn same_values(kind: RecordType, mine: &[String], theirs: &[String]) -> bool {
    let normal = |values: &[String]| {
        let mut normal: Vec<_> = values.iter().map(|value| loose_form(kind, value)).collect();
        normal.sort();
        normal.dedup();
        normal
    };
    normal(mine) == normal(theirs)
}

/// Whether two spellings mean the same value.
pub fn same_value(kind: RecordType, mine: &str, theirs: &str) -> bool {
    loose_form(kind, mine) == loose_form(kind, theirs)
}

/// A value from Route53 as a user would write it: TXT without its quotation, the rest as it stands.
pub fn for_people(kind: RecordType, value: &str) -> String {
    match kind {
        RecordType::Txt | RecordType::Spf => text::plain(value),
        _ => value.to_owned(),
    }
}

/// The normal form, or the words themselves where the value does not fit its type.
fn loose_form(kind: RecordType, value: &str) -> Vec<u8> {
    normal_form(kind, value).unwrap_or_else(|_| value.trim().as_bytes().to_vec())
}

/// What is sent: the quoted strings for TXT; for all else the normal form, with names in the user's case.
fn wire_form(kind: RecordType, value: &str) -> Result<String, ValueError> {
    match kind {
        RecordType::Txt | RecordType::Spf => Ok(text::to_route53(value)?),
        _ => form(&Fields { keeps_case: true, ..Fields::new(kind, value) }),
    }
}

/// One form for all spellings of a value.
fn normal_form(kind: RecordType, value: &str) -> Result<Vec<u8>, ValueError> {
    match kind {
        RecordType::Txt | RecordType::Spf => Ok(text::content(value)?),
        _ => form(&Fields::new(kind, value)).map(String::into_bytes),
    }
}

/// The value of a type that is no text.
fn form(fields: &Fields<'_>) -> Result<String, ValueError> {
    Ok(match fields.kind {
        RecordType::Txt | RecordType::Spf => text::to_route53(fields.value)?,
        RecordType::A => address::<Ipv4Addr>(fields, "an IPv4 address such as `192.0.2.1`")?,
        RecordType::Aaaa => address::<Ipv6Addr>(fields, "an IPv6 address such as `2001:db8::1`")?,
        RecordType::Cname | RecordType::Ns | RecordType::Ptr => {
            let [name] = fields.exactly("one name such as `host.example.com`")?;
            fields.name(name)?
        }
        RecordType::Mx => mx(fields)?,
        RecordType::Srv => srv(fields)?,
        RecordType::Caa => caa(fields)?,
        RecordType::Soa => soa(fields)?,
        RecordType::Naptr => naptr(fields)?,
        RecordType::Ds => hexadecimal(fields, &[65535, 255, 255], "`KEY-TAG ALGORITHM DIGEST-TYPE HEX`")?,
        RecordType::Tlsa => hexadecimal(fields, &[255, 255, 255], "`USAGE SELECTOR MATCHING-TYPE HEX`")?,
        RecordType::Sshfp => hexadecimal(fields, &[255, 255], "`ALGORITHM HASH-TYPE HEX`")?,
        RecordType::Https | RecordType::Svcb => service_binding(fields)?,
    })
}

/// A value cut at its blanks, outside quotation marks.
struct Fields<'a> {
    kind: RecordType,
    value: &'a str,
    parts: Vec<&'a str>,
    /// Whether names stay in the user's case.
    keeps_case: bool,
}

impl<'a> Fields<'a> {
    fn new(kind: RecordType, value: &'a str) -> Self {
        let mut inside = false;
        let mut escaped = false;
        let parts = value.split(|c: char| {
            if c == '"' && !escaped {
                inside = !inside;
            }
            escaped = c == '\\' && !escaped;
            c.is_whitespace() && !inside
        });
        let parts = parts.filter(|part| !part.is_empty()).collect();
        Self { kind, value, parts, keeps_case: false }
    }

    fn wrong(&self, expected: &'static str) -> ValueError {
        ValueError::Shape { kind: self.kind, value: self.value.to_owned(), expected }
    }

    fn exactly<const N: usize>(&self, expected: &'static str) -> Result<[&'a str; N], ValueError> {
        let holds_names = !matches!(self.kind, RecordType::A | RecordType::Aaaa | RecordType::Caa);
        <[&str; N]>::try_from(self.parts.as_slice()).map_err(|_| match self.parts.len() {
            parts if parts > N && holds_names => ValueError::Blank { value: self.value.to_owned(), parts, expected },
            _ => self.wrong(expected),
        })
    }

    fn number(&self, field: &str, most: u32, expected: &'static str) -> Result<u32, ValueError> {
        field.parse().ok().filter(|number| *number <= most).ok_or_else(|| self.wrong(expected))
    }

    /// A name in its normal form; `.` (no name) stays as it is where it has a meaning.
    fn name(&self, field: &str) -> Result<String, ValueError> {
        if field == "." && !matches!(self.kind, RecordType::Cname | RecordType::Ns | RecordType::Ptr) {
            return Ok(field.to_owned());
        }
        let name = if self.keeps_case {
            DnsName::as_written(field)
        } else {
            DnsName::parse(field).map(|name| name.to_route53())
        };
        name.map_err(|error| ValueError::Name { value: self.value.to_owned(), error })
    }

    fn text(&self, field: &str, expected: &'static str) -> Result<String, ValueError> {
        let octets = text::content(field)?;
        let text = text::quoted(&octets);
        if octets.len() > text::MAX_STRING { Err(self.wrong(expected)) } else { Ok(text) }
    }
}

fn address<T: std::str::FromStr + ToString>(fields: &Fields<'_>, expected: &'static str) -> Result<String, ValueError> {
    let [address] = fields.exactly(expected)?;
    address.parse::<T>().map(|address| address.to_string()).map_err(|_| fields.wrong(expected))
}

fn mx(fields: &Fields<'_>) -> Result<String, ValueError> {
    const EXPECTED: &str = "`PREFERENCE HOST` such as `10 mail.example.com`";
    let [preference, host] = fields.exactly(EXPECTED)?;
    Ok(format!("{} {}", fields.number(preference, 65535, EXPECTED)?, fields.name(host)?))
}

fn srv(fields: &Fields<'_>) -> Result<String, ValueError> {
    const EXPECTED: &str = "`PRIORITY WEIGHT PORT HOST` such as `10 5 5060 sip.example.com`";
    let [priority, weight, port, host] = fields.exactly(EXPECTED)?;
    let number = |field| fields.number(field, 65535, EXPECTED);
    Ok(format!("{} {} {} {}", number(priority)?, number(weight)?, number(port)?, fields.name(host)?))
}

fn caa(fields: &Fields<'_>) -> Result<String, ValueError> {
    const EXPECTED: &str = "`FLAGS TAG \"VALUE\"` such as `0 issue \"letsencrypt.org\"` (flags 0 to 255)";
    let [flags, tag, value] = fields.exactly(EXPECTED)?;
    if !tag.bytes().all(|octet| octet.is_ascii_alphanumeric()) {
        return Err(fields.wrong(EXPECTED));
    }
    let flags = fields.number(flags, 255, EXPECTED)?;
    Ok(format!("{flags} {} {}", tag.to_ascii_lowercase(), fields.text(value, EXPECTED)?))
}

fn soa(fields: &Fields<'_>) -> Result<String, ValueError> {
    const EXPECTED: &str = "`SERVER MAIL SERIAL REFRESH RETRY EXPIRE MINIMUM`";
    let [server, mail, numbers @ ..] = fields.exactly::<7>(EXPECTED)?;
    let mut normal = vec![fields.name(server)?, fields.name(mail)?];
    for number in numbers {
        normal.push(fields.number(number, u32::MAX, EXPECTED)?.to_string());
    }
    Ok(normal.join(" "))
}

fn naptr(fields: &Fields<'_>) -> Result<String, ValueError> {
    const EXPECTED: &str = "`ORDER PREFERENCE \"FLAGS\" \"SERVICE\" \"REGEXP\" REPLACEMENT`";
    let [order, preference, flags, service, regexp, replacement] = fields.exactly(EXPECTED)?;
    let number = |field| fields.number(field, 65535, EXPECTED);
    let text = |field| fields.text(field, EXPECTED);
    let words = [text(flags)?, text(service)?, text(regexp)?, fields.name(replacement)?];
    Ok(format!("{} {} {}", number(order)?, number(preference)?, words.join(" ")))
}

/// Small numbers followed by hexadecimal digits, which may be grouped by blanks.
fn hexadecimal(fields: &Fields<'_>, limits: &[u32], expected: &'static str) -> Result<String, ValueError> {
    if fields.parts.len() <= limits.len() {
        return Err(fields.wrong(expected));
    }
    let (numbers, digits) = fields.parts.split_at(limits.len());
    let digits = digits.concat().to_ascii_lowercase();
    if digits.len() % 2 != 0 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(fields.wrong(expected));
    }
    let mut normal = Vec::new();
    for (number, most) in numbers.iter().zip(limits) {
        normal.push(fields.number(number, *most, expected)?.to_string());
    }
    normal.push(digits);
    Ok(normal.join(" "))
}

/// RFC 9460 §2.1: a priority, a target and parameters `key` or `key=value` in any order.
fn service_binding(fields: &Fields<'_>) -> Result<String, ValueError> {
    const EXPECTED: &str = "`PRIORITY TARGET [KEY=VALUE …]` such as `1 . alpn=\"h2,h3\"`";
    let [priority, target, parameters @ ..] = fields.parts.as_slice() else {
        return Err(fields.wrong(EXPECTED));
    };
    let mut parameters: Vec<_> = parameters.iter().map(|parameter| parameter.replace('"', "")).collect();
    parameters.sort();
    let mut normal = vec![fields.number(priority, 65535, EXPECTED)?.to_string(), fields.name(target)?];
    normal.extend(parameters.iter().map(|parameter| match parameter.split_once('=') {
        Some((key, value)) if !value.is_empty() => format!("{}=\"{value}\"", key.to_ascii_lowercase()),
        Some((key, _)) => key.to_ascii_lowercase(),
        None => parameter.to_ascii_lowercase(),
    }));
    Ok(normal.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(kind: RecordType, value: &str) -> Result<String, ValueError> {
        to_route53(kind, &[value.to_owned()]).map(|mut values| values.remove(0)).map_err(|(_, error)| error)
    }

    #[test]
    fn writes_each_type_in_its_normal_form() {
        use RecordType as T;
        let cases = [
            (T::A, " 192.0.2.1", "192.0.2.1"),
            (T::Aaaa, "2001:DB8:0:0::1", "2001:db8::1"),
            (T::Cname, "Host.Example.COM", "Host.Example.COM."),
            (T::Ptr, r"Floor\0402\056West._http._tcp.Example", r"Floor\0402\056West._http._tcp.Example."),
            (T::Ptr, "bücher.example", "xn--bcher-kva.example."),
            (T::Ns, "ns1.example.", "ns1.example."),
            (T::Mx, "10  mail.Example", "10 mail.Example."),
            (T::Mx, "0 .", "0 ."),
            (T::Srv, "1 2 443 a.b.", "1 2 443 a.b."),
            (T::Caa, "0 Issue letsencrypt.org", r#"0 issue "letsencrypt.org""#),
            (T::Caa, r#"128 iodef "mailto:a@b.c""#, r#"128 iodef "mailto:a@b.c""#),
            (T::Txt, "hello world", r#""hello world""#),
            (T::Spf, "v=spf1 -all", r#""v=spf1 -all""#),
            (T::Ds, "12345 3 1 1234 ABCD", "12345 3 1 1234abcd"),
            (T::Tlsa, "3 1 1 AB", "3 1 1 ab"),
            (T::Sshfp, "4 2 AB", "4 2 ab"),
            (T::Https, "1 . port=8443 ALPN=h2,h3", r#"1 . alpn="h2,h3" port="8443""#),
            (T::Svcb, "0 svc.Example", "0 svc.Example."),
            (T::Naptr, r#"100 50 "u" "SIP+D2U" "!^.*$!a b!" ."#, r#"100 50 "u" "SIP+D2U" "!^.*$!a b!" ."#),
            (T::Soa, "ns.a. mail.a. 1 2 3 4 5", "ns.a. mail.a. 1 2 3 4 5"),
        ];
        for (kind, value, expected) in cases {
            assert_eq!(wire(kind, value).as_deref(), Ok(expected), "{kind} {value}");
        }
    }

    #[test]
    fn refuses_what_does_not_fit_the_type() {
        use RecordType as T;
        let cases = [
            (T::A, "2001:db8::1"),
            (T::A, "192.0.2.256"),
            (T::A, "192.0.2.1 192.0.2.2"),
            (T::Aaaa, "192.0.2.1"),
            (T::Cname, "a b"),
            (T::Cname, "."),
            (T::Mx, "mail.example"),
            (T::Mx, "70000 mail.example"),
            (T::Srv, "1 2 a.b"),
            (T::Caa, "256 issue \"x\""),
            (T::Caa, "0 is-sue \"x\""),
            (T::Ds, "1 2 3 xyz"),
            (T::Sshfp, "1 1"),
            (T::Https, "1"),
            (T::Txt, "\"abc"),
        ];
        for (kind, value) in cases {
            assert!(wire(kind, value).is_err(), "{kind} {value}");
        }
    }

    #[test]
    fn case_makes_no_other_value() {
        use RecordType as T;
        for (kind, mine, theirs) in [
            (T::Ptr, "Floor._ipp._tcp.Example", "floor._ipp._tcp.example."),
            (T::Srv, "1 2 3 SIP.example", "1 2 3 sip.Example."),
            (T::Soa, "NS.a. Mail.a. 1 2 3 4 5", "ns.a. mail.A. 1 2 3 4 5"),
        ] {
            assert!(same_value(kind, mine, theirs), "{kind}");
            let both = [mine.to_owned(), theirs.to_owned()];
            assert!(to_route53(kind, &both).is_err(), "the same twice");
        }
    }

    #[test]
    fn a_blank_in_a_name_is_told_how_to_write() {
        use RecordType as T;
        for (kind, value) in [
            (T::Ptr, r"Floor 2\.West._http._tcp.example.com"),
            (T::Cname, "my host.example.com"),
            (T::Mx, "10 my host.example.com"),
            (T::Srv, "1 2 80 Floor 2.example.com"),
            (T::Soa, "ns a. mail.a. 1 2 3 4 5"),
            (T::Naptr, r#"1 1 "u" "S" "r" a b."#),
        ] {
            let message = wire(kind, value).unwrap_err().to_string();
            assert!(message.contains(r"written `\040`"), "{message}");
        }
        assert!(!wire(T::A, "192.0.2.1 192.0.2.2").unwrap_err().to_string().contains(r"\040"));
    }

    #[test]
    fn says_what_shape_it_expected() {
        let message = wire(RecordType::Mx, "mail.example").unwrap_err().to_string();
        assert_eq!(message, "`mail.example` is no MX value; expected `PREFERENCE HOST` such as `10 mail.example.com`");
    }

    #[test]
    fn blames_the_value_by_its_index() {
        let values = ["192.0.2.1".to_owned(), "x".to_owned()];
        assert_eq!(to_route53(RecordType::A, &values).unwrap_err().0, Some(1));
        let text = |length: usize| to_route53(RecordType::Txt, &["t".repeat(length)]);
        assert!(text(3900).is_ok(), "with its quotation marks it fits");
        assert_eq!(text(4000).unwrap_err(), (Some(0), ValueError::Long(4047)));
        let twice = ["192.0.2.1".to_owned(), "192.0.2.1 ".to_owned()];
        assert!(matches!(to_route53(RecordType::A, &twice), Err((Some(1), ValueError::Twice(_)))));
        let names = ["a.b".to_owned(), "c.d".to_owned()];
        let one_only = ValueError::OneOnly(RecordType::Cname, 2);
        assert_eq!(to_route53(RecordType::Cname, &names), Err((None, one_only)));
        assert_eq!(to_route53(RecordType::A, &[]), Err((None, ValueError::None)));
    }

    #[test]
    fn the_normal_form_is_its_own_normal_form() {
        use RecordType as T;
        for (kind, value) in [(T::Mx, "1 a"), (T::Caa, "0 issue a"), (T::Https, "1 . b=1 a=2 c"), (T::Ds, "1 2 3 AB")] {
            let once = wire(kind, value).unwrap();
            assert_eq!(wire(kind, &once).unwrap(), once);
        }
    }
}
