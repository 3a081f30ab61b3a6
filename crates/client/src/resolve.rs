//! Resolves the host that a client connects to, and finds which of its addresses answers.
//!
//! The connector below tries the addresses of one family one after the other, each until it gives
//! up. A name with several of them is therefore tried out here first: connections to all of them,
//! staggered as RFC 8305 §5 says, and the first that opens is the address to use. That costs one
//! more TCP connection, closed at once, for the first connection of a client to such a name.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::sleep;
use utdk_plaid_local::is_loopback_ip;

/// The pause between attempts of RFC 8305 §5.
const STAGGER: Duration = Duration::from_millis(250);

/// The system's resolver, for one host.
#[derive(Clone)]
pub(crate) struct Resolver {
    port: u16,
    /// For plain http: a `localhost` that resolves elsewhere must not carry a secret in clear.
    loopback_only: bool,
    reachable: Arc<Mutex<Option<IpAddr>>>,
}

impl Resolver {
    /// A resolver for the host and port that connections are opened to.
    pub(crate) fn new(port: u16, loopback_only: bool) -> Self {
        Self {
            port,
            loopback_only,
            reachable: Arc::default(),
        }
    }

    /// Forgets which address answered, so that the next connection finds out again.
    pub(crate) fn forget(&self) {
        self.remember(None);
    }

    fn remember(&self, ip: Option<IpAddr>) {
        *self
            .reachable
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = ip;
    }

    async fn lookup(self, name: Name) -> Result<Vec<SocketAddr>, ResolveError> {
        let found = lookup_host((name.as_str(), self.port)).await;
        let mut addresses: Vec<_> = found
            .map_err(ResolveError)?
            .filter(|address| !self.loopback_only || is_loopback_ip(address.ip()))
            .collect();
        if addresses.is_empty() {
            return Err(ResolveError(io::Error::other("no address to connect to")));
        }
        self.put_reachable_first(&mut addresses).await;
        Ok(addresses)
    }

    /// Moves the address that answers to the front, where its family has several.
    async fn put_reachable_first(&self, addresses: &mut [SocketAddr]) {
        let ipv6 = addresses.iter().filter(|address| address.is_ipv6()).count();
        if ipv6 < 2 && addresses.len() - ipv6 < 2 {
            return;
        }
        let known = *self
            .reachable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let position = |ip: IpAddr| addresses.iter().position(|address| address.ip() == ip);
        let front = match known.and_then(position) {
            Some(position) => Some(position),
            None => {
                let winner = race(&interleaved(addresses)).await;
                self.remember(winner.map(|address| address.ip()));
                winner.and_then(|address| position(address.ip()))
            }
        };
        if let Some(front) = front {
            addresses[..=front].rotate_right(1);
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let lookup = self.clone().lookup(name);
        Box::pin(async move {
            let addresses = lookup.await?;
            Ok(Box::new(addresses.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// A host name that did not resolve.
#[derive(Debug, thiserror::Error)]
#[error("the host name could not be resolved")]
pub(crate) struct ResolveError(#[source] io::Error);

/// The families by turns, in the order of the resolver otherwise (RFC 8305 §4).
fn interleaved(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first_family = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<SocketAddr>, Vec<SocketAddr>) = addresses
        .iter()
        .copied()
        .partition(|address| address.is_ipv6() == first_family);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut mixed = Vec::with_capacity(addresses.len());
    while mixed.len() < addresses.len() {
        mixed.extend(first.next());
        mixed.extend(second.next());
    }
    mixed
}

/// The first address that accepts a connection, or none if all refuse it.
async fn race(addresses: &[SocketAddr]) -> Option<SocketAddr> {
    let mut connecting = JoinSet::new();
    let mut next = addresses.iter().copied();
    loop {
        match next.next() {
            Some(address) => {
                connecting.spawn(async move {
                    let opened = TcpStream::connect(address).await;
                    opened.is_ok().then_some(address)
                });
            }
            None if connecting.is_empty() => return None,
            None => {}
        }
        let is_last = next.len() == 0;
        tokio::select! {
            biased;
            ended = connecting.join_next() => if let Some(Ok(Some(winner))) = ended {
                return Some(winner);
            },
            () = sleep(STAGGER), if !is_last => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use socket2::{Domain, Socket, Type};
    use tokio::net::TcpListener;
    use tokio::time::{Instant, timeout};

    use super::*;

    /// A port at which one loopback address drops every packet, and another accepts.
    struct Half {
        silent: SocketAddr,
        _queue: (Socket, Vec<Socket>),
        answering: TcpListener,
    }

    impl Half {
        async fn new() -> Self {
            let answering = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 3), 0)).await;
            let answering = answering.expect("a free port");
            let port = answering.local_addr().expect("it is bound").port();
            let silent = SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), port));
            // A queue of accepted connections that is full: the system drops further ones.
            let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
            listener.bind(&silent.into()).expect("a free port");
            listener.listen(0).expect("it is bound");
            let mut filling = Vec::new();
            loop {
                let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
                let connected = socket.connect_timeout(&silent.into(), Duration::from_millis(100));
                filling.push(socket);
                if connected.is_err() {
                    break;
                }
            }
            Self {
                silent,
                _queue: (listener, filling),
                answering,
            }
        }

        fn addresses(&self) -> Vec<SocketAddr> {
            let answering = self.answering.local_addr().expect("it is bound");
            vec![self.silent, answering]
        }
    }

    #[tokio::test]
    async fn an_address_that_drops_packets_costs_less_than_a_second() {
        let half = Half::new().await;
        let mut addresses = half.addresses();
        let resolver = Resolver::new(addresses[0].port(), true);

        let started = Instant::now();
        resolver.put_reachable_first(&mut addresses).await;

        assert!(started.elapsed() < Duration::from_secs(1));
        assert_eq!(addresses[0].ip(), IpAddr::from([127, 0, 0, 3]));
        assert_eq!(addresses.len(), 2);
    }

    #[tokio::test]
    async fn the_address_that_answered_is_used_again_without_a_race() {
        let half = Half::new().await;
        let resolver = Resolver::new(half.silent.port(), true);
        resolver.put_reachable_first(&mut half.addresses()).await;
        let (raced, _) = half.answering.accept().await.expect("the race connects");
        drop(raced);

        let mut addresses = half.addresses();
        resolver.put_reachable_first(&mut addresses).await;

        assert_eq!(addresses[0].ip(), IpAddr::from([127, 0, 0, 3]));
        let again = timeout(Duration::from_millis(300), half.answering.accept()).await;
        assert!(again.is_err(), "nothing more was connected");
    }

    #[tokio::test]
    async fn one_address_of_each_family_is_left_to_the_connector() {
        let mut addresses: Vec<SocketAddr> = vec![
            "[::1]:9".parse().expect("an address"),
            "127.0.0.1:9".parse().expect("an address"),
        ];
        let before = addresses.clone();

        let resolver = Resolver::new(9, true);
        resolver.put_reachable_first(&mut addresses).await;

        assert_eq!(addresses, before);
    }

    #[tokio::test]
    async fn addresses_that_all_refuse_keep_their_order() {
        let closed = TcpListener::bind("127.0.0.2:0").await.expect("a port");
        let port = closed.local_addr().expect("it is bound").port();
        drop(closed);
        let mut addresses = [[127, 0, 0, 2], [127, 0, 0, 3]].map(|ip| SocketAddr::from((ip, port)));
        let before = addresses;

        let resolver = Resolver::new(port, true);
        resolver.put_reachable_first(&mut addresses).await;

        assert_eq!(addresses, before);
    }
}
