//! Record values: what each type allows, and when two spellings mean the same.
//!
//! Formats: <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>.

#[cfg(test)]
mod tests;

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
