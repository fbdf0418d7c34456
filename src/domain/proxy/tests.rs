use proptest::prelude::*;
use url::{Host, Url};

use super::exception::Exceptions;
use super::{Proxies, Proxy};
use crate::env::Env;

fn of_target(pairs: &[(&str, &str)], target: &str) -> Result<Option<String>, String> {
    let proxies = Proxies::of(&pairs.iter().copied().collect::<Env>());
    let found = proxies.of_target(&Url::parse(target).unwrap());
    found.map(|proxy| proxy.map(|proxy| proxy.to_string())).map_err(|fault| fault.to_string())
}

fn is_direct(exceptions: &str, target: &str) -> bool {
    of_target(
        &[("HTTPS_PROXY", "proxy.test:3128"), ("HTTP_PROXY", "proxy.test:3128"), ("NO_PROXY", exceptions)],
        target,
    )
    .unwrap()
    .is_none()
}

#[test]
fn the_variable_of_the_scheme_counts_in_both_spellings_and_large_letters_first() {
    let told = |name: &str| Ok(Some(format!("proxy http://p.test:3128, from the environment variable {name}")));
    let (plain, tls) = ("http://a.test/", "https://a.test/");
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        assert_eq!(of_target(&[(name, "http://p.test:3128")], tls), told(name));
    }
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        assert_eq!(of_target(&[(name, "http://p.test:3128")], plain), told(name));
    }
    let both = [("HTTPS_PROXY", "p.test:3128"), ("https_proxy", "other.test"), ("ALL_PROXY", "third.test")];
    assert_eq!(of_target(&both, tls), told("HTTPS_PROXY"));
    assert_eq!(of_target(&both[..2], plain), Ok(None));
    assert_eq!(of_target(&[("HTTP_PROXY", "p.test"), ("HTTPS_PROXY", "")], tls), Ok(None), "an empty one is not set");
    assert_eq!(of_target(&[], tls), Ok(None));
}

#[test]
fn an_address_may_lack_its_scheme_and_hold_a_login_that_is_never_shown() {
    for (text, shown) in [
        ("proxy.test:3128", "http://proxy.test:3128"),
        (" http://proxy.test:3128/ ", "http://proxy.test:3128"),
        ("ann:quay-word-83%40@proxy.test:3128", "http://proxy.test:3128"),
        ("https://ann:quay-word-83@proxy.test", "https://proxy.test"),
        ("socks5://proxy.test:1080", "socks5://proxy.test:1080"),
        ("socks5h://[::1]:1080", "socks5h://[::1]:1080"),
        ("10.1.2.3:3128", "http://10.1.2.3:3128"),
    ] {
        let proxy = Proxy::parse(text, "X").unwrap();
        assert_eq!(proxy.to_string(), format!("proxy {shown}, from X"));
        assert_eq!(format!("{proxy:?}"), proxy.to_string());
        assert_eq!(proxy.has_login(), text.contains('@'));
    }
    assert_eq!(crate::secret::hidden("quay-word-83@"), "(hidden)", "as the proxy is given it");
    for text in ["socks4://p.test", "ftp://ann:quay-word-83@p.test", "http://", "http://ann:quay-word-83@:80", "a b"] {
        let told = Proxy::parse(text, "X").unwrap_err().to_string();
        assert!(told.starts_with("X names no proxy: ") && !told.contains("quay-word"), "{text}: {told}");
    }
    assert!(of_target(&[("HTTPS_PROXY", "socks4://p.test")], "https://a.test").unwrap_err().contains("HTTPS_PROXY"));
    assert_eq!(of_target(&[("HTTPS_PROXY", "socks4://p.test")], "http://a.test"), Ok(None), "it does not go there");
    assert_eq!(of_target(&[("HTTPS_PROXY", "socks4://p"), ("NO_PROXY", "a.test")], "https://a.test"), Ok(None));
}

#[test]
fn the_list_of_exceptions_is_read_as_curl_and_go_read_it() {
    for (exceptions, target, direct) in [
        ("example.com", "https://example.com/", true),
        ("example.com", "https://Registry.EXAMPLE.com./v2/", true),
        ("EXAMPLE.com.", "https://registry.example.com/", true),
        ("example.com", "https://notexample.com/", false),
        ("example.com", "https://example.com.evil.test/", false),
        (".example.com", "https://a.b.example.com/", true),
        (".example.com", "https://example.com/", false),
        ("*.example.com", "https://a.example.com/", true),
        ("*", "https://anything.test/", true),
        ("x.test, *", "https://anything.test/", true),
        ("a.test,b.test", "https://b.test/", true),
        (" a.test , b.test ", "https://b.test/", true),
        ("a.test b.test", "https://b.test/", true),
        ("a.test,,b.test,", "https://b.test/", true),
        ("a.test,", "https://b.test/", false),
        (",", "https://b.test/", false),
        ("<local>,b.test", "https://b.test/", true),
        ("a.test:8443", "https://a.test:8443/", true),
        ("a.test:8443", "https://a.test/", false),
        ("a.test:443", "https://a.test/", true),
        ("a.test:80", "http://a.test/", true),
        ("a.test:x", "https://a.test/", false),
        ("10.0.0.0/8", "https://10.200.3.4:6443/", true),
        ("10.0.0.0/8", "https://11.0.0.1:6443/", false),
        ("10.0.0.0/33", "https://10.0.0.1/", false),
        ("0.0.0.0/0", "https://192.0.2.1/", true),
        ("0.0.0.0/0", "https://a.test/", false),
        ("192.0.2.7", "https://192.0.2.7:6443/", true),
        ("192.0.2.7:6443", "https://192.0.2.7:6443/", true),
        ("192.0.2.7:443", "https://192.0.2.7:6443/", false),
        ("2001:db8::/32", "https://[2001:db8::7]/", true),
        ("2001:db8::7", "https://[2001:db8::7]:6443/", true),
        ("[2001:db8::7]", "https://[2001:db8::7]/", true),
        ("[2001:db8::7]:6443", "https://[2001:db8::7]:6443/", true),
        ("[2001:db8::7]:443", "https://[2001:db8::7]:6443/", false),
        ("", "https://localhost:6443/", true),
        ("", "https://127.0.0.1:6443/", true),
        ("", "https://[::1]:6443/", true),
        ("", "http://169.254.169.254/latest", true),
        ("", "http://[fd00:ec2::254]/latest", true),
        ("", "http://169.254.170.2/v2", true),
    ] {
        assert_eq!(is_direct(exceptions, target), direct, "{exceptions:?} {target}");
    }
    let lower = [("https_proxy", "p.test"), ("no_proxy", "a.test")];
    assert_eq!(of_target(&lower, "https://a.test/"), Ok(None));
}

fn host() -> impl Strategy<Value = String> {
    "[a-z]{1,5}(\\.[a-z]{1,5}){0,3}"
}

proptest! {
    #[test]
    fn any_list_is_read(list in ".*") {
        let _read = Exceptions::parse(&list);
    }

    #[test]
    fn a_name_holds_itself_and_what_is_below_in_any_list(name in host(), below in host(), before in ".{0,9}", gap in "[, ]{1,3}") {
        let list = Exceptions::parse(&format!("{before}{gap}{name}{gap}"));
        prop_assert!(list.hold(&Host::Domain(&name), Some(443)));
        let (within, beside) = (format!("{below}.{name}"), format!("x{name}"));
        prop_assert!(list.hold(&Host::Domain(&within), Some(443)));
        prop_assert!(!Exceptions::parse(&name).hold(&Host::Domain(&beside), Some(443)));
    }

    #[test]
    fn a_network_holds_exactly_its_addresses(address: u32, other: u32, length in 0_u8..=32) {
        let list = Exceptions::parse(&format!("{}/{length}", std::net::Ipv4Addr::from(address)));
        let is_same = u64::from(address) >> (32 - length) == u64::from(other) >> (32 - length);
        prop_assert_eq!(list.hold(&Host::Ipv4(other.into()), None), is_same);
    }
}
