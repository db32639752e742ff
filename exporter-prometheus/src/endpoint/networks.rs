//! Which networks may scrape.

use std::error::Error;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// The networks that are allowed; all if there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Networks(Vec<IpNet>);

impl Networks {
    pub(super) fn allow(&mut self, network: &str) -> Result<(), NetworkError> {
        let address = |_| network.parse::<IpAddr>().map(IpNet::from);
        let network =
            network.parse::<IpNet>().or_else(address).map_err(|_| NetworkError(network.to_owned()))?;
        self.0.push(network);
        Ok(())
    }

    /// Whether a client with this address may scrape. A client without one is on this machine.
    pub(super) fn allows(&self, peer: Option<IpAddr>) -> bool {
        // A socket for both versions of IP shows the older addresses within the newer.
        let is_in = |peer: IpAddr| self.0.iter().any(|network| network.contains(&peer.to_canonical()));
        self.0.is_empty() || peer.is_none_or(is_in)
    }
}

/// What was to be [allowed](super::ServerBuilder::allow) is no network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError(String);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a network; give one such as 10.0.0.0/8 or fd00::/8, or an IP address", self.0)
    }
}

impl Error for NetworkError {}

#[cfg(test)]
mod tests {
    use super::Networks;

    #[test]
    fn clients_of_the_allowed_networks_are_allowed() -> Result<(), Box<dyn std::error::Error>> {
        let mut networks = Networks::default();
        assert!(networks.allows(Some("203.0.113.7".parse()?)), "all are");
        for network in ["10.0.0.0/8", "fd00::/8", "192.0.2.1"] {
            networks.allow(network)?;
        }
        let cases = [
            ("10.255.0.1", true),
            ("::ffff:10.1.2.3", true),
            ("11.0.0.1", false),
            ("fd12::1", true),
            ("fe80::1", false),
            ("192.0.2.1", true),
            ("192.0.2.2", false),
        ];
        for (peer, allowed) in cases {
            assert_eq!(networks.allows(Some(peer.parse()?)), allowed, "{peer}");
        }
        assert!(networks.allows(None), "a Unix socket has no address");
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "example.org", "10.0.0.0/8 "] {
            let message = networks.allow(wrong).expect_err("no network").to_string();
            assert_eq!(
                message,
                format!(
                    "{wrong:?} is not a network; give one such as 10.0.0.0/8 or fd00::/8, or an IP address"
                )
            );
        }
        Ok(())
    }
}
