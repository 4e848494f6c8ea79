//! A file server for the page and the tests: 127.0.0.1 only, few folders, byte ranges.

use std::fs::{self, File};
use std::io::{self, Empty, Read, Seek, SeekFrom, Take};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::UNIX_EPOCH;

use tiny_http::{Header, Method, Request, Response, Server};

use crate::Result;

/// A browser opens at most six connections to a host.
const THREADS: usize = 6;

/// The folders of the repository that are served, beside index.html.
const FOLDERS: [&str; 3] = ["pkg", "docs", "examples"];

/// The port of 127.0.0.1, or any free one for 0.
pub fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|cause| match cause.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {port} is in use; choose another one with --port")
        }
        _ => format!("port {port} cannot be served on ({cause}); choose another one with --port"),
    })
}

/// What is served: the repository's page, and the cache of models as /models/.
pub struct Site {
    root: PathBuf,
    models: PathBuf,
}

impl Site {
    /// The site of the repository at `root`, with the folder in which `model` lies.
    pub fn new(root: &Path, model: &Path) -> Result<Self> {
        let real = |path: &Path| {
            path.canonicalize()
                .map_err(|cause| format!("{} cannot be served ({cause})", path.display()))
        };
        Ok(Self {
            root: real(root)?,
            models: real(model.parent().unwrap_or(root))?,
        })
    }

    /// The file behind a URL's path. Nothing outside of the served folders is one, nor is a hidden file.
    fn file(&self, url: &str) -> Option<PathBuf> {
        let path = percent_decoded(url.split(['?', '#']).next()?)?;
        let path = path.strip_prefix('/')?;
        // What the root itself has: the page, and its service worker, which answers for all below its own address.
        if ["", "index.html", "sw.js"].contains(&path) {
            let name = if path.is_empty() { "index.html" } else { path };
            return Some(self.root.join(name)).filter(|file| file.is_file());
        }
        let plain = |part: &str| !part.is_empty() && !part.starts_with('.');
        if !path.split('/').all(plain) || path.contains(['\\', ':', '\0']) {
            return None;
        }
        let (first, rest) = path.split_once('/')?;
        let folder = match first {
            "models" => self.models.clone(),
            _ if FOLDERS.contains(&first) => self.root.join(first).canonicalize().ok()?,
            _ => return None,
        };
        // A link may lead out of the folder.
        let file = folder.join(rest).canonicalize().ok()?;
        (file.starts_with(&folder) && file.is_file()).then_some(file)
    }
}

/// `%41` to `A`; `None` for what is not UTF-8 after that.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// The type by the name's ending.
fn content_type(path: &Path) -> &'static str {
    match path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "md" | "txt" => "text/plain; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "webmanifest" => "application/manifest+json",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

/// What a `Range` header asks of a file of `length` bytes.
#[derive(Debug, PartialEq)]
enum Wanted {
    Whole,
    /// From the first byte to the last one, both included.
    Part(u64, u64),
    Unsatisfiable,
}

/// One range of bytes. Several at once, other units and what is no range mean the whole file, as RFC 9110 allows.
fn wanted(range: &str, length: u64) -> Wanted {
    let bounds = range
        .split_once('=')
        .filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"));
    let Some((first, last)) = bounds.and_then(|(_, bounds)| bounds.trim().split_once('-')) else {
        return Wanted::Whole;
    };
    let number = |digits: &str| match digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse::<u64>().ok(),
        false => None,
    };
    let end = length.saturating_sub(1);
    match (first, number(first), last, number(last)) {
        (_, Some(first), "", _) if first < length => Wanted::Part(first, end),
        (_, Some(_), "", _) => Wanted::Unsatisfiable,
        (_, Some(first), _, Some(last)) if first > last => Wanted::Whole,
        (_, Some(first), _, Some(last)) if first < length => Wanted::Part(first, last.min(end)),
        (_, Some(_), _, Some(_)) => Wanted::Unsatisfiable,
        ("", _, _, Some(count)) if count > 0 && length > 0 => {
            Wanted::Part(length.saturating_sub(count), end)
        }
        ("", _, _, Some(_)) => Wanted::Unsatisfiable,
        _ => Wanted::Whole,
    }
}

/// A server that runs until it is dropped.
pub struct Running {
    server: Arc<Server>,
    threads: Vec<JoinHandle<()>>,
    url: String,
}

impl Running {
    /// The page's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for _ in &self.threads {
            self.server.unblock();
        }
    }
}

/// Serves the site on the listener's port.
pub fn start(listener: TcpListener, site: Site) -> Result<Running> {
    let failed = |cause: &dyn std::fmt::Display| format!("the server does not start ({cause})");
    let url = format!(
        "http://{}/",
        listener.local_addr().map_err(|cause| failed(&cause))?
    );
    let server = Arc::new(Server::from_listener(listener, None).map_err(|cause| failed(&cause))?);
    let site = Arc::new(site);
    let threads = (0..THREADS)
        .map(|_| {
            let (server, site) = (server.clone(), site.clone());
            thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    // A browser that hangs up in the middle is no failure of the server.
                    let _ = answer(request, &site);
                }
            })
        })
        .collect();
    Ok(Running {
        server,
        threads,
        url,
    })
}

fn answer(request: Request, site: &Site) -> io::Result<()> {
    if !matches!(request.method(), Method::Get | Method::Head) {
        return request.respond(plain(405).with_header(header("Allow", "GET, HEAD")));
    }
    let Some(path) = site.file(request.url()) else {
        return request.respond(plain(404));
    };
    let (Ok(file), Ok(metadata)) = (File::open(&path), fs::metadata(&path)) else {
        return request.respond(plain(404));
    };
    let etag = etag(&metadata);
    let asked = |name: &'static str| {
        let mut headers = request.headers().iter();
        headers
            .find(|header| header.field.equiv(name))
            .map(|header| header.value.as_str())
    };
    if asked("If-None-Match").is_some_and(|tags| tags == "*" || tags.contains(&etag)) {
        return request.respond(plain(304).with_header(header("ETag", &etag)));
    }
    let length = metadata.len();
    let part = asked("Range")
        .filter(|_| *request.method() == Method::Get)
        .filter(|_| asked("If-Range").is_none_or(|tag| tag == etag))
        .map_or(Wanted::Whole, |range| wanted(range, length));
    let range = match part {
        Wanted::Unsatisfiable => {
            let range = header("Content-Range", &format!("bytes */{length}"));
            return request.respond(plain(416).with_header(range));
        }
        Wanted::Whole => None,
        Wanted::Part(first, last) => Some((first, last)),
    };
    let headers = vec![
        header("Content-Type", content_type(&path)),
        header("Accept-Ranges", "bytes"),
        header("Cache-Control", "no-cache"),
        header("ETag", &etag),
    ];
    request.respond(content(file, length, range, headers)?)
}

/// The file, or the bytes of it from the first to the last one of `range`.
fn content(
    mut file: File,
    length: u64,
    range: Option<(u64, u64)>,
    mut headers: Vec<Header>,
) -> io::Result<Response<Take<File>>> {
    let (status, count) = match range {
        None => (200, length),
        Some((first, last)) => {
            file.seek(SeekFrom::Start(first))?;
            headers.push(header(
                "Content-Range",
                &format!("bytes {first}-{last}/{length}"),
            ));
            (206, last - first + 1)
        }
    };
    let response = Response::new(
        status.into(),
        headers,
        file.take(count),
        usize::try_from(count).ok(),
        None,
    );
    // The length is known, and progress bars want it: never "chunked".
    Ok(response.with_chunked_threshold(usize::MAX))
}

/// Changes when the file does.
fn etag(metadata: &fs::Metadata) -> String {
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    format!(
        "\"{:x}-{:x}\"",
        metadata.len(),
        changed.unwrap_or_default().as_nanos()
    )
}

fn plain(status: u16) -> Response<Empty> {
    Response::empty(status).with_header(header("Cache-Control", "no-cache"))
}

/// A header from ASCII text that this file has made.
fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).unwrap_or_else(|()| unreachable!("{name}: {value} is ASCII"))
}

#[cfg(test)]
mod tests;
