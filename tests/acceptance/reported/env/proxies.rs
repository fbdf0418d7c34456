//! Forward proxies before all four remotes: which variables lead through them, and what is told when they do not let one.

use super::remotes::{ALL, Remote, World, asks, kubeconfig};
use crate::forward::Forward;
use crate::sandbox::value;

/// Both spellings of the variables for both schemes.
const LARGE: [&str; 2] = ["HTTPS_PROXY", "HTTP_PROXY"];
const SMALL: [&str; 2] = ["https_proxy", "http_proxy"];

/// Runs with these variables.
fn run(world: &World, remote: Remote, variables: &[(&str, &str)]) -> crate::workspace::Run {
    let workspace = world.workspace(remote, "");
    let workspace = variables.iter().fold(workspace, |workspace, (name, value)| workspace.env(name, value));
    asks(&workspace)
}

fn both<'a>(names: [&'a str; 2], proxy: &'a str) -> Vec<(&'a str, &'a str)> {
    names.iter().map(|name| (*name, proxy)).collect()
}

#[test]
#[ignore = "needs the sandbox"]
fn every_remote_is_reached_through_the_proxy_that_the_variables_name() {
    let world = World::open();
    let (open, login, socks) =
        (Forward::start(&[]), Forward::start(&["--login", "ann:p@ss word"]), Forward::start(&["--socks"]));
    for (names, prefix, proxy) in [
        (LARGE, "", &open),
        (SMALL, "http://", &open),
        (LARGE, "ann:p%40ss%20word@", &login),
        (SMALL, "http://ann:p%40ss%20word@", &login),
        (["ALL_PROXY", "ALL_PROXY"], "http://", &open),
        (LARGE, "socks5://", &socks),
        (SMALL, "socks5h://", &socks),
    ] {
        let url = format!("{prefix}{}", proxy.place);
        for remote in ALL {
            let before = proxy.seen().len();
            run(&world, remote, &both(names, &url)).succeeds();
            let seen = proxy.seen();
            let place = world.place(remote);
            let through =
                seen[before..].iter().filter(|line| line.contains(&place) && line.ends_with("passed")).count();
            assert!(through > 0 && through == seen.len() - before, "{remote:?} by {names:?}: {seen:?}");
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn who_is_excepted_is_reached_directly_however_the_list_is_written() {
    let world = World::open();
    let refusing = Forward::start(&["--refuse", "403 Forbidden"]);
    let address = value("SANDBOX_NODE_IP");
    for (name, list) in [
        ("NO_PROXY", address.clone()),
        ("no_proxy", format!("localhost, {address} ,")),
        ("NO_PROXY", format!(".corp,*.internal {address}")),
        ("NO_PROXY", "10.0.0.0/8,198.18.0.0/15,,<local>".to_owned()),
        ("no_proxy", "*".to_owned()),
    ] {
        for remote in ALL {
            let mut variables = both(LARGE, &refusing.place);
            variables.push((name, &list));
            run(&world, remote, &variables).succeeds();
        }
        assert!(refusing.seen().is_empty(), "{list}: {:?}", refusing.seen());
    }
    for remote in ALL {
        let mut variables = both(LARGE, &refusing.place);
        let with_port = world.place(remote);
        variables.push(("NO_PROXY", &with_port));
        run(&world, remote, &variables).succeeds();
    }
    assert!(refusing.seen().is_empty(), "{:?}", refusing.seen());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_proxy_that_lets_nothing_through_is_told_at_once_with_its_own_remedy() {
    let world = World::open();
    for (arguments, prefix, words) in [
        (vec!["--login", "ann:right"], "", vec!["407", "it wants a login, and none was given", "USER:PASSWORD@HOST"]),
        (vec!["--login", "ann:right"], "ann:harbour-pw@", vec!["407", "percent-encoded"]),
        (vec!["--refuse", "403 Not on the list"], "", vec!["403 Not on the list", "let this host through"]),
    ] {
        for remote in ALL {
            let proxy = Forward::start(&arguments);
            let url = format!("http://{prefix}{}", proxy.place);
            let errors = run(&world, remote, &both(LARGE, &url)).fails();
            // HTTP without TLS has no tunnel: its proxy answers with a page of its own.
            let is_page = remote == Remote::Aws && arguments[0] == "--refuse";
            for word in if is_page { vec!["403 Not on the list"] } else { words.clone() } {
                assert!(errors.contains(word), "{remote:?} {word}: {errors}");
            }
            if !is_page {
                assert!(errors.contains("from the environment variable HTTP"), "{remote:?}: {errors}");
            }
            assert!(!errors.contains("harbour-pw"), "{errors}");
            let asked = proxy.seen().len();
            // A plan looks at several objects of a cluster, each once; a refusal is asked for its words.
            let most = if remote == Remote::Cluster { 12 } else { 4 };
            assert!(
                (1..=most).contains(&asked),
                "{remote:?}: what cannot heal was asked {asked} times: {:?}",
                proxy.seen()
            );
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_variable_that_names_no_proxy_is_told_and_a_name_that_is_none_too() {
    let world = World::open();
    for remote in ALL {
        for (proxy, word) in [
            ("socks4://proxy.test:1080", "a kind that berth does not know"),
            ("http://no-such-proxy.sandbox.test:3128", "`no-such-proxy.sandbox.test` does not resolve"),
        ] {
            let errors = run(&world, remote, &both(LARGE, proxy)).fails();
            let words: String = errors.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words.contains(word), "{remote:?} {proxy}: {errors}");
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn the_proxy_of_the_block_and_of_the_kubeconfig_win_over_the_environment() {
    let world = World::open();
    let proxy = Forward::start(&[]);
    let dead = both(LARGE, "127.0.0.1:9");
    let except = value("SANDBOX_NODE_IP");
    let variables: Vec<_> = dead.into_iter().chain([("NO_PROXY", except.as_str())]).collect();
    let by_block = format!("kubernetes = {{ proxy_url = \"http://{}\" }}", proxy.place);
    let workspace = world.workspace(Remote::Cluster, &by_block);
    let workspace = variables.iter().fold(workspace, |workspace, (name, value)| workspace.env(name, value));
    asks(&workspace).succeeds();
    let after_block = proxy.seen().len();
    assert!(after_block > 0);

    let workspace = world.workspace(Remote::Cluster, "");
    let file = kubeconfig(&workspace, &[("{server:", &format!("{{proxy-url: 'http://{}', server:", proxy.place))]);
    let workspace = variables.iter().fold(workspace, |workspace, (name, value)| workspace.env(name, value));
    asks(&workspace.env("KUBE_CONFIG_PATH", "").env("KUBECONFIG", &file)).succeeds();
    assert!(proxy.seen().len() > after_block, "{:?}", proxy.seen());
}
