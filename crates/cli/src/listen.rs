//! Where a server listens, and why it cannot.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use crate::{Notice, text::reason};

/// Parses `--host`: an address, or `localhost`.
pub(crate) fn host(text: &str) -> Result<IpAddr, &'static str> {
    match text {
        "localhost" => Ok(Ipv4Addr::LOCALHOST.into()),
        _ => text
            .parse()
            .map_err(|_| "use an IP address such as 127.0.0.1, or localhost"),
    }
}

/// Why nothing can listen at `address`; `option` changes the port.
pub(crate) fn refusal(address: &SocketAddr, error: &io::Error, option: &str) -> Notice {
    let (ip, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => Notice::failure(format_args!(
            "port {port} of {ip} is taken; choose another with {option}"
        )),
        _ => Notice::failure(format_args!(
            "cannot listen on {address}: {}",
            reason(error)
        )),
    }
}
