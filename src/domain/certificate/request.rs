//! Signing requests of the user's, read as CAs read them.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;

use super::{CertificateError, common_name, ip_address};
use crate::domain::pem;

/// A signing request of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request, DER.
    pub der: Vec<u8>,
    /// All DNS names and IP addresses of its alternative names.
    pub names: Vec<String>,
    /// Its common name. RFC 8555 §7.4 lets names stand there too, and Boulder counts it as one (`identifier.FromCSR`), whatever
    /// it says; pebble passes over it.
    pub common_name: Option<String>,
    /// What it asks for that no CA issues by ACME, in words: e-mail addresses, URIs and the like, which Boulder refuses.
    pub beside: Vec<String>,
    /// The DER form of the public key that it is made for.
    pub public_key: Vec<u8>,
}

impl Request {
    /// Reads the one signing request of a PEM text.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let mut blocks = pem::blocks(text)?;
        blocks.retain(|block| block.label.ends_with("CERTIFICATE REQUEST"));
        if blocks.len() > 1 {
            return Err(CertificateError::Requests(blocks.len()));
        }
        let der = blocks.pop().ok_or(CertificateError::NoRequest)?.der.to_vec();
        let (behind, request) =
            X509CertificationRequest::from_der(&der).map_err(|error| CertificateError::Request(error.to_string()))?;
        if !behind.is_empty() {
            return Err(CertificateError::Request(format!("{} octets stand behind its end", behind.len())));
        }
        let (mut names, mut beside) = (Vec::new(), Vec::new());
        for extension in request.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::SubjectAlternativeName(alternatives) = extension {
                alternatives.general_names.iter().for_each(|name| sort_name(name, &mut names, &mut beside));
            }
        }
        let common_name = common_name(&request.certification_request_info.subject).filter(|name| !name.is_empty());
        let public_key = request.certification_request_info.subject_pki.raw.to_vec();
        Ok(Self { der, names, common_name, beside, public_key })
    }
}

fn sort_name(name: &GeneralName<'_>, names: &mut Vec<String>, beside: &mut Vec<String>) {
    match name {
        GeneralName::DNSName(name) => names.push((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match ip_address(bytes) {
            Some(address) => names.push(address),
            None => beside.push(format!("an IP address of {} octets", bytes.len())),
        },
        GeneralName::RFC822Name(address) => beside.push(format!("the e-mail address `{address}`")),
        GeneralName::URI(uri) => beside.push(format!("the URI `{uri}`")),
        other => beside.push(format!("the name {other}")),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    /// A request for these alternative names, with this common name.
    fn request(names: Vec<SanType>, common_name: Option<&str>) -> Request {
        let mut wish = CertificateParams::default();
        wish.subject_alt_names = names;
        wish.distinguished_name = rcgen::DistinguishedName::new();
        if let Some(name) = common_name {
            wish.distinguished_name.push(DnType::CommonName, name);
        }
        let signed = wish.serialize_request(&KeyPair::generate().unwrap()).unwrap();
        Request::parse(&signed.pem().unwrap()).unwrap()
    }

    #[test]
    fn a_common_name_is_read_beside_the_alternative_names() {
        let name = SanType::DnsName("a.example".try_into().unwrap());
        for (names, common_name, expected) in [
            (vec![], Some("only.example"), &[][..]),
            (vec![name.clone()], Some("b.example"), &["a.example"]),
            (vec![name.clone()], None, &["a.example"]),
            (vec![SanType::IpAddress("192.0.2.7".parse().unwrap()), name], Some("x"), &["192.0.2.7", "a.example"]),
        ] {
            let request = request(names, common_name);
            assert_eq!(
                (&request.names[..], request.common_name.as_deref()),
                (&expected.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()[..], common_name)
            );
            assert!(request.beside.is_empty());
        }
    }

    #[test]
    fn what_no_ca_issues_by_acme_is_told_of_a_request() {
        let names = vec![
            SanType::Rfc822Name("ops@a.example".try_into().unwrap()),
            SanType::URI("spiffe://a.example/x".try_into().unwrap()),
            SanType::DnsName("a.example".try_into().unwrap()),
        ];
        let beside = ["the e-mail address `ops@a.example`", "the URI `spiffe://a.example/x`"];
        assert_eq!(request(names, None).beside, beside);
    }
}
