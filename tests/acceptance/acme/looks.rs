//! What the provider tells about an order that died, from its own look while the proofs still stood.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::{provider, txt_values, unique_name};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

#[test]
#[ignore = "needs the sandbox"]
fn a_record_that_the_ca_does_not_find_is_told_with_what_each_server_answers() {
    for cli in Cli::all() {
        let name = unique_name("look", &value("SANDBOX_CHILD_ZONE_NAME"));
        // The world asks the child zone, and the record goes into its parent.
        let more = format!("  dns01 = {{ zone_id = \"{}\", wait = \"insync\" }}\n", value("SANDBOX_ZONE_ID"));
        let workspace = Workspace::on(&cli, "");
        workspace.configure(&(provider("") + &super::plain(&workspace, &[&name], &more)));
        let errors = workspace.apply().fails();
        let record = format!("_acme-challenge.{name}");
        assert!(errors.contains("BERTH-ACME-012") && errors.contains("the CA said"), "{errors}");
        assert!(errors.contains(&format!("Seen from here: TXT {record}: expected \"")), "{errors}");
        assert!(errors.contains("no such record"), "{errors}");
        assert_eq!(txt_values(&value("SANDBOX_ZONE_ID"), &record), Vec::<String>::new());
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_file_that_the_ca_does_not_find_is_told_with_what_answers_at_the_name() {
    let name = unique_name("visit", &value("SANDBOX_ZONE_NAME"));
    // Not the address that other tests serve files at.
    let listener = TcpListener::bind("127.0.0.2:80").unwrap();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let read = client.read(&mut request).unwrap_or(0);
            let is_first = String::from_utf8_lossy(request.get(..read).unwrap_or_default()).contains("acme-challenge");
            let (status, location) =
                if is_first { ("302 Found", "location: /elsewhere\r\n") } else { ("410 Gone", "") };
            let body = "moved house";
            let head =
                format!("HTTP/1.1 {status}\r\n{location}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _sent = client.write_all((head + body).as_bytes());
        }
    });
    let record = super::address_record(&name, "127.0.0.2");
    let more = "  http01 = { listen = \"127.0.0.1:8087\" }\n  depends_on = [berth_dns_record.web]\n";
    let workspace = Workspace::new("");
    workspace.configure(&(provider("") + &record + &super::plain(&workspace, &[&name], more)));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-012"), "{errors}");
    assert!(errors.contains(&format!("Seen from here: http://{name}/.well-known/acme-challenge/")), "{errors}");
    assert!(errors.contains("127.0.0.2 answers 302, a redirect to") && errors.contains("/elsewhere"), "{errors}");
    assert!(errors.contains("127.0.0.2 answers 410 with \"moved house\""), "{errors}");
    workspace.destroy().succeeds();
}
