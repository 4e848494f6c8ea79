//! A file server for the page and the tests: 127.0.0.1 only, few folders, byte ranges.

use std::fs;
use std::io::{self, SeekFrom};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::io::ReaderStream;

use crate::Result;

/// Bytes of a file that are read at once.
const PIECE: usize = 256 << 10;

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
    runtime: Runtime,
    served: JoinHandle<io::Result<()>>,
    url: String,
}

impl Running {
    /// The page's address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the process ends.
    pub fn wait(self) {
        let _ = self.runtime.block_on(self.served);
    }
}

/// Serves the site on the listener's port.
pub fn start(listener: TcpListener, site: Site) -> Result<Running> {
    let failed = |cause: io::Error| format!("the server does not start ({cause})");
    let url = format!("http://{}/", listener.local_addr().map_err(failed)?);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let listener = {
        let _within = runtime.enter();
        tokio::net::TcpListener::from_std(listener).map_err(failed)?
    };
    let router = Router::new().fallback(answer).with_state(Arc::new(site));
    let served = runtime.spawn(async move { axum::serve(listener, router).await });
    Ok(Running {
        runtime,
        served,
        url,
    })
}

async fn answer(
    State(site): State<Arc<Site>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if ![Method::GET, Method::HEAD].contains(&method) {
        return plain(StatusCode::METHOD_NOT_ALLOWED, &[(ALLOW, "GET, HEAD")]);
    }
    let served = match site.file(uri.path()) {
        Some(path) => content(&path, &method, &headers).await,
        None => Err(io::ErrorKind::NotFound.into()),
    };
    served.unwrap_or_else(|_| plain(StatusCode::NOT_FOUND, &[]))
}

/// The file, or the bytes of it that are asked for.
async fn content(path: &Path, method: &Method, asking: &HeaderMap) -> io::Result<Response> {
    let mut file = File::open(path).await?;
    let metadata = file.metadata().await?;
    let etag = etag(&metadata);
    let asked = |name: HeaderName| asking.get(name)?.to_str().ok();
    if asked(IF_NONE_MATCH).is_some_and(|tags| tags == "*" || tags.contains(&etag)) {
        return Ok(plain(StatusCode::NOT_MODIFIED, &[(ETAG, &etag)]));
    }
    let length = metadata.len();
    let part = asked(RANGE)
        .filter(|_| *method == Method::GET)
        .filter(|_| asked(IF_RANGE).is_none_or(|tag| tag == etag))
        .map_or(Wanted::Whole, |range| wanted(range, length));
    let (status, first, past) = match part {
        Wanted::Unsatisfiable => {
            let range = format!("bytes */{length}");
            return Ok(plain(
                StatusCode::RANGE_NOT_SATISFIABLE,
                &[(CONTENT_RANGE, &range)],
            ));
        }
        Wanted::Whole => (StatusCode::OK, 0, length),
        Wanted::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last + 1),
    };
    file.seek(SeekFrom::Start(first)).await?;
    let pieces = ReaderStream::with_capacity(file.take(past - first), PIECE);
    let mut response = Response::new(Body::from_stream(pieces));
    *response.status_mut() = status;
    // The length is known, and progress bars want it: never "chunked".
    let count = (past - first).to_string();
    let mut headers = vec![
        (CONTENT_TYPE, content_type(path)),
        (ACCEPT_RANGES, "bytes"),
        (CACHE_CONTROL, "no-cache"),
        (ETAG, &etag),
        (CONTENT_LENGTH, &count),
    ];
    let range = format!("bytes {first}-{}/{length}", past.saturating_sub(1));
    if status == StatusCode::PARTIAL_CONTENT {
        headers.push((CONTENT_RANGE, &range));
    }
    give(&mut response, &headers);
    Ok(response)
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

fn plain(status: StatusCode, headers: &[(HeaderName, &str)]) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    give(&mut response, &[(CACHE_CONTROL, "no-cache")]);
    give(&mut response, headers);
    response
}

/// Headers of ASCII text that this file has made.
fn give(response: &mut Response, headers: &[(HeaderName, &str)]) {
    for (name, text) in headers {
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests;
