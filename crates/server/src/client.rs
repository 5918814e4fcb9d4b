//! Who is at the other end of a connection.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use settings::Network;

/// The client's address, proxies taken into account.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub ip: IpAddr,
    /// The connection comes from a trusted proxy, whose headers tell how the browser asked.
    pub behind_proxy: bool,
}

impl Client {
    /// Walks `X-Forwarded-For` from the right as long as the sender is a trusted proxy.
    pub fn of(peer: SocketAddr, headers: &HeaderMap, trusted: &[Network]) -> Client {
        let mut ip = canonical(peer.ip());
        let is_trusted = |ip: IpAddr| trusted.iter().any(|network| network.contains(ip));
        let behind_proxy = is_trusted(ip);
        let lists = headers.get_all("x-forwarded-for");
        let mut hops: Vec<IpAddr> = Vec::new();
        for list in lists.iter().filter_map(|value| value.to_str().ok()) {
            hops.extend(
                list.split(',')
                    .filter_map(|hop| hop.trim().parse::<IpAddr>().ok()),
            );
        }
        while is_trusted(ip) {
            match hops.pop() {
                Some(hop) => ip = canonical(hop),
                None => break,
            }
        }
        Client { ip, behind_proxy }
    }
}

/// An IPv4 address that came over an IPv6 socket is an IPv4 address.
fn canonical(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_speak_for_others() {
        let proxies = [Network::parse("10.0.0.0/8").expect("a network")];
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "1.2.3.4, 5.6.7.8, 10.0.0.2".parse().expect("a header"),
        );
        let from = |peer: &str| {
            let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
            Client::of(peer, &headers, &proxies).ip.to_string()
        };
        assert_eq!(from("10.0.0.1"), "5.6.7.8");
        assert_eq!(from("9.9.9.9"), "9.9.9.9");
    }
}
