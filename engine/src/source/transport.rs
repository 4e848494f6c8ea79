//! HTTP requests natively, by ureq. They block inside of the future: a native program has nothing else to do meanwhile.

use std::{io::Read, ops::Range, sync::OnceLock, time::Duration};

use super::{Piece, Source, http::Failure};

/// Head of a reply, with its body unread.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_range: Option<String>,
    pub(super) validator: Option<String>,
    pub(super) encoded: bool,
    body: ureq::Body,
}

/// One agent, so that connections are kept open between ranges and files.
fn agent() -> &'static ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .user_agent(concat!("motet/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .timeout_recv_body(Some(Duration::from_secs(600)))
            .build()
            .into()
    })
}

pub(super) async fn get(url: &str, range: &Range<u64>) -> Result<Reply, Failure> {
    let response = agent()
        .get(url)
        .header(
            "Range",
            format!("bytes={}-{}", range.start, range.end.saturating_sub(1)),
        )
        .header("Accept-Encoding", "identity")
        .call()
        .map_err(failure)?;
    let header = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    Ok(Reply {
        status: response.status().as_u16(),
        content_range: header("Content-Range"),
        validator: header("ETag").or_else(|| header("Last-Modified")),
        encoded: header("Content-Encoding").is_some_and(|it| !it.eq_ignore_ascii_case("identity")),
        body: response.into_body(),
    })
}

/// The body, which has to be `size` bytes long.
pub(super) async fn body(reply: Reply, size: u64) -> Result<Piece, Failure> {
    let capacity =
        usize::try_from(size).map_err(|_| Failure::Lasting("the range is too long".into()))?;
    let mut bytes = Vec::with_capacity(capacity);
    let read = reply.body.into_reader().take(size).read_to_end(&mut bytes);
    match read {
        Ok(_) if bytes.len() == capacity => Ok(Piece::new(bytes)),
        Ok(_) => Err(Failure::Passing(format!(
            "the connection ended after {} of {size} bytes; check it and try again",
            bytes.len()
        ))),
        Err(e) => Err(Failure::Passing(format!(
            "the connection broke ({e}); check it and try again"
        ))),
    }
}

/// Natively a whole file is not kept: its place is the disk.
pub(super) async fn keep_whole(_name: &str, _reply: Reply) -> Result<Source, String> {
    Err("the server cannot send parts of a file (HTTP ranges); download the file and open it from disk".into())
}

pub(super) async fn pause(milliseconds: u32) {
    std::thread::sleep(Duration::from_millis(milliseconds.into()));
}

fn failure(error: ureq::Error) -> Failure {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            Failure::Lasting("this is not an http(s) address".into())
        }
        ureq::Error::TooManyRedirects => {
            Failure::Lasting("the server redirects without end".into())
        }
        other => Failure::Passing(format!(
            "the server cannot be reached ({other}); check the connection"
        )),
    }
}
