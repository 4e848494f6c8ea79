//! Which files are served, and how on the wire.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;

#[test]
fn ranges() {
    for (range, expected) in [
        ("bytes=0-0", Wanted::Part(0, 0)),
        ("bytes=2-5", Wanted::Part(2, 5)),
        ("Bytes=2-", Wanted::Part(2, 9)),
        ("bytes=9-9", Wanted::Part(9, 9)),
        ("bytes=5-99", Wanted::Part(5, 9)),
        ("bytes=-3", Wanted::Part(7, 9)),
        ("bytes=-99", Wanted::Part(0, 9)),
        ("bytes=-0", Wanted::Unsatisfiable),
        ("bytes=10-", Wanted::Unsatisfiable),
        ("bytes=10-12", Wanted::Unsatisfiable),
        ("bytes=18446744073709551615-", Wanted::Unsatisfiable),
        ("bytes=5-2", Wanted::Whole),
        ("bytes=0-1,4-5", Wanted::Whole),
        ("bytes=-", Wanted::Whole),
        ("bytes=+1-2", Wanted::Whole),
        ("bytes=a-b", Wanted::Whole),
        ("bytes=99999999999999999999-", Wanted::Whole),
        ("lines=1-2", Wanted::Whole),
        ("", Wanted::Whole),
    ] {
        assert_eq!(wanted(range, 10), expected, "{range}");
    }
    assert_eq!(wanted("bytes=0-", 0), Wanted::Unsatisfiable);
    assert_eq!(wanted("bytes=-1", 0), Wanted::Unsatisfiable);
}

/// A repository with a page, a package, a secret, and a cache of models beside it.
fn site() -> (tempfile::TempDir, Site) {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    for path in ["repo/pkg/types", "repo/src", "cache/sub"] {
        fs::create_dir_all(at(path)).unwrap();
    }
    for path in [
        "repo/index.html",
        "repo/secret.txt",
        "repo/src/main.rs",
        "repo/pkg/motet web.js",
        "repo/pkg/.hidden",
        "cache/a.gguf",
        "secret.txt",
    ] {
        fs::write(at(path), path).unwrap();
    }
    let site = Site::new(&at("repo"), &at("cache/a.gguf")).unwrap();
    (folder, site)
}

#[test]
fn only_the_page_the_package_and_the_models_are_served() {
    let (_folder, site) = site();
    for (url, file) in [
        ("/", "repo/index.html"),
        ("/?bench", "repo/index.html"),
        ("/index.html#top", "repo/index.html"),
        ("/pkg/motet%20web.js?v=1", "repo/pkg/motet web.js"),
        ("/models/a.gguf", "cache/a.gguf"),
    ] {
        let served = site.file(url).map(|path| fs::read_to_string(path).unwrap());
        assert_eq!(served.as_deref(), Some(file), "{url}");
    }
    for url in [
        "",
        "index.html",
        "//index.html",
        "/secret.txt",
        "/src/main.rs",
        "/pkg",
        "/pkg/",
        "/pkg/types",
        "/pkg/missing.js",
        "/pkg/.hidden",
        "/pkg/../secret.txt",
        "/pkg/%2e%2e/secret.txt",
        "/pkg/..%2fsecret.txt",
        "/pkg/..%5csecret.txt",
        "/pkg//motet%20web.js",
        "/models/../secret.txt",
        "/models/sub",
        "/models/%00",
        "/models/%ff",
        "/models/%4",
        "/models/%é",
    ] {
        assert_eq!(site.file(url), None, "{url}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out() {
    let (folder, site) = site();
    let link = folder.path().join("repo/pkg/link.txt");
    std::os::unix::fs::symlink(folder.path().join("secret.txt"), &link).unwrap();
    assert!(link.is_file());
    assert_eq!(site.file("/pkg/link.txt"), None);
}

/// A request's status, the headers of interest and the body.
fn ask(url: &str, method: &str, headers: &[(&str, &str)]) -> (u16, [String; 4], String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(()).unwrap()).unwrap();
    let got = ["content-type", "content-length", "content-range", "etag"].map(|name| {
        let value = response.headers().get(name);
        value.map_or(String::new(), |value| value.to_str().unwrap().to_string())
    });
    (
        response.status().as_u16(),
        got,
        response.body_mut().read_to_string().unwrap(),
    )
}

#[test]
fn the_wire() {
    let (folder, site) = site();
    fs::write(folder.path().join("cache/a.gguf"), "0123456789").unwrap();
    let server = start(listen(0).unwrap(), site).unwrap();
    let url = format!("{}models/a.gguf", server.url());
    let octets = "application/octet-stream";

    let (status, [kind, length, range, etag], body) = ask(&url, "GET", &[]);
    assert_eq!(
        (status, &*body, &*length, &*range),
        (200, "0123456789", "10", "")
    );
    assert_eq!(kind, octets);
    assert!(!etag.is_empty());

    let part = [octets, "3", "bytes 2-4/10", &etag].map(str::to_string);
    let whole = [octets, "10", "", &etag].map(str::to_string);
    let two_to_four = ("range", "bytes=2-4");
    let if_range = ("if-range", &*etag);
    assert_eq!(
        ask(&url, "GET", &[two_to_four]),
        (206, part.clone(), "234".to_string())
    );
    assert_eq!(
        ask(&url, "GET", &[two_to_four, if_range]),
        (206, part, "234".to_string())
    );
    let stale = ask(&url, "GET", &[two_to_four, ("if-range", "\"other\"")]);
    assert_eq!(stale, (200, whole.clone(), "0123456789".to_string()));
    assert_eq!(ask(&url, "HEAD", &[]), (200, whole, String::new()));

    let (status, [_, _, range, _], body) = ask(&url, "GET", &[("range", "bytes=10-")]);
    assert_eq!((status, &*range, &*body), (416, "bytes */10", ""));
    assert_eq!(ask(&url, "GET", &[("if-none-match", &etag)]).0, 304);
    assert_eq!(ask(&url, "DELETE", &[]).0, 405);
    assert_eq!(
        ask(&format!("{}secret.txt", server.url()), "GET", &[]).0,
        404
    );
}

/// Browsers open several connections at once and keep them; a page whose script waits for a place never loads.
#[test]
fn connections_that_stay_open_keep_no_other_waiting() {
    // A server that has threads for the first few of them is only at its beginning in want of more.
    for _ in 0..100 {
        let (_folder, site) = site();
        let server = start(listen(0).unwrap(), site).unwrap();
        let host = server
            .url()
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let mut streams: Vec<_> = (0..12).map(|_| TcpStream::connect(host).unwrap()).collect();
        for stream in &mut streams {
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
        }
        for stream in &mut streams {
            let patience = Some(Duration::from_secs(20));
            stream.set_read_timeout(patience).unwrap();
            let mut status = [0; 12];
            stream.read_exact(&mut status).unwrap();
            assert_eq!(&status, b"HTTP/1.1 200");
        }
    }
}

#[test]
fn a_port_in_use_is_said() {
    let listener = listen(0).unwrap();
    let port = listener.local_addr().unwrap().port();
    let sentence = listen(port).unwrap_err();
    assert!(
        sentence.contains(&format!("port {port} is in use")),
        "{sentence}"
    );
}
