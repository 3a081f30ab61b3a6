//! Sends one webhook: signs it, posts it once, and says how that ended. Nothing it does reaches
//! past loopback.

use std::{net::SocketAddr, sync::Arc};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpStream, lookup_host},
    task::JoinSet,
    time::{Duration, Instant, timeout_at},
};
use url::{Host, Position, Url};

use crate::{
    state::Shared,
    time,
    webhook::{Outcome, Webhook},
};

/// An answer that takes longer counts as none (documented).
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// How much of an answer's body is read before the connection is closed.
const ANSWER_LIMIT: usize = 64 << 10;

/// A fired webhook on its way out.
pub(crate) struct Parcel {
    /// Its id in the mailbox.
    pub(crate) id: u64,
    pub(crate) url: String,
    pub(crate) item_id: String,
    pub(crate) webhook_type: &'static str,
    pub(crate) webhook_code: &'static str,
    pub(crate) body: String,
}

/// Makes the one attempt, and puts its outcome into the mailbox.
pub(crate) async fn deliver(parcel: Parcel, shared: Arc<Shared>) {
    let iat = time::unix(time::now());
    let verification = shared.signer.sign(&parcel.body, iat);
    let outcome = attempt(&parcel, &verification).await;
    let webhook = Webhook {
        url: parcel.url,
        item_id: parcel.item_id,
        webhook_type: parcel.webhook_type.to_owned(),
        webhook_code: parcel.webhook_code.to_owned(),
        body: parcel.body,
        verification,
        outcome,
    };
    shared.state().mailbox.end(parcel.id, webhook);
}

async fn attempt(parcel: &Parcel, verification: &str) -> Outcome {
    let deadline = Instant::now() + TIME_LIMIT;
    // Outlives the answer's head, so that its body can be read; ends with this attempt.
    let mut connection = JoinSet::new();
    let posted = post(parcel, verification, &mut connection);
    let answer = match timeout_at(deadline, posted).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(outcome)) => return outcome,
        Err(_) => return failed("no answer within 10 seconds"),
    };
    let status = answer.status().as_u16();
    // What it says does not matter, but a receiver that is cut off while it writes logs an error.
    let body = Limited::new(answer.into_body(), ANSWER_LIMIT).collect();
    let _ = timeout_at(deadline, body).await;
    Outcome::Delivered { status }
}

/// The receiver's answer, or what came instead. A redirect is an answer: it is not followed.
async fn post(
    parcel: &Parcel,
    verification: &str,
    connection: &mut JoinSet<()>,
) -> Result<Response<Incoming>, Outcome> {
    let url = Url::parse(&parcel.url).map_err(|error| failed(error.to_string()))?;
    let addresses = loopback_addresses(&url).await?;
    // `accept-encoding` and `user-agent` are those of a Go program (inferred).
    let request = Request::post(&url[Position::BeforePath..Position::AfterQuery])
        .header(
            header::HOST,
            &url[Position::BeforeHost..Position::AfterPort],
        )
        .header(header::USER_AGENT, "Go-http-client/1.1")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT_ENCODING, "gzip")
        .header("plaid-verification", verification)
        .body(Full::new(Bytes::copy_from_slice(parcel.body.as_bytes())))
        .map_err(|error| failed(error.to_string()))?;

    let stream = TcpStream::connect(&addresses[..])
        .await
        .map_err(|error| failed(format!("could not connect: {error}")))?;
    let unanswered = |error: hyper::Error| failed(format!("no answer: {error}"));
    let (mut sender, io) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(unanswered)?;
    connection.spawn(async move {
        // Its error is reported by `send_request` too.
        let _ = io.await;
    });
    sender.send_request(request).await.map_err(unanswered)
}

/// Where to connect to: every address of the receiver, provided all of them are loopback. They
/// are connected to as they were checked; the name is not looked up a second time.
async fn loopback_addresses(url: &Url) -> Result<Vec<SocketAddr>, Outcome> {
    if url.scheme() != "http" {
        return Err(not_allowed("only http receivers are delivered to"));
    }
    let port = url.port_or_known_default().unwrap_or(80);
    let addresses: Vec<SocketAddr> = match url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => vec![(ip, port).into()],
        // A name that cannot be looked up has no addresses, and is refused below.
        Some(Host::Domain(name)) => match lookup_host((name, port)).await {
            Ok(addresses) => addresses.collect(),
            Err(_) => Vec::new(),
        },
        None => Vec::new(),
    };
    let is_loopback = |address: &SocketAddr| address.ip().to_canonical().is_loopback();
    match addresses.is_empty() || !addresses.iter().all(is_loopback) {
        true => Err(not_allowed("only loopback receivers are delivered to")),
        false => Ok(addresses),
    }
}

fn failed(reason: impl Into<String>) -> Outcome {
    Outcome::Failed {
        reason: reason.into(),
    }
}

fn not_allowed(reason: &str) -> Outcome {
    Outcome::NotAllowed {
        reason: format!("{reason}; this webhook was not sent"),
    }
}
