//! Values as people write them and as Route53 has them.

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
