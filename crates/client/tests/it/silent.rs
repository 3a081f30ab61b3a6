//! An address that drops every packet.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// Fills the queue of a listener that accepts nothing: the system drops further connections. None
/// where the system has no such address.
pub(crate) fn listener(address: SocketAddr) -> Option<Vec<Socket>> {
    let socket = || Socket::new(Domain::for_address(address), Type::STREAM, None);
    let listener = socket().ok()?;
    listener.bind(&address.into()).ok()?;
    listener.listen(0).ok()?;
    let mut sockets = vec![listener];
    loop {
        let filling = socket().ok()?;
        let connected = filling.connect_timeout(&address.into(), Duration::from_millis(100));
        sockets.push(filling);
        if connected.is_err() {
            return Some(sockets);
        }
    }
}
