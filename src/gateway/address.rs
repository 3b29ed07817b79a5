//! The address of a gateway, read from a URL or from a host with a port. An address never holds a credential.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;
use url::{Host, Url};

/// The address of a gateway: `ws`, `wss`, `http` or `https`. It holds no credential, so it may be printed.
///
/// `HOST:PORT` is read as `wss://HOST:PORT`, and on this machine's loopback as `ws://HOST:PORT`: a missing scheme never
/// causes a credential to be sent unencrypted over a network.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address(Url);

/// Why a text is not the address of a gateway. Parts that may be a secret are never quoted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AddressError {
    /// Not a URL, and not a host with a port.
    #[error(
        "`{0}` is not an address: write for example gateway.example:18789, ws://127.0.0.1:18789 or wss://gateway.example"
    )]
    Malformed(String),
    /// An unsupported scheme.
    #[error("`{0}` is not a gateway scheme: use ws, wss, http or https")]
    Scheme(String),
    /// The port is not one.
    #[error("the port of the address is not a number from 1 to 65535")]
    Port,
    /// The host is missing.
    #[error("the URL has no host")]
    Host,
    /// A user name or password, a query or a fragment, any of which may contain a token.
    #[error("the URL contains more than an address: credentials belong in a file or the environment")]
    Credentials,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        // A text that cannot be parsed may still contain a secret: before an @, or after a ? or #.
        let shown =
            || text.split(['?', '#']).next().unwrap_or_default().rsplit('@').next().unwrap_or_default();
        let malformed = |error| match error {
            url::ParseError::InvalidPort => AddressError::Port,
            _ => AddressError::Malformed(shown().to_owned()),
        };
        if let Some(authority) = host_and_port(text.trim()) {
            let plain: Self = format!("ws://{authority}").parse()?;
            return if plain.is_loopback() { Ok(plain) } else { format!("wss://{authority}").parse() };
        }
        let url = Url::parse(text.trim()).map_err(malformed)?;
        if !matches!(url.scheme(), "ws" | "wss" | "http" | "https") {
            return Err(AddressError::Scheme(url.scheme().to_owned()));
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(AddressError::Credentials);
        }
        if url.port() == Some(0) {
            return Err(AddressError::Port);
        }
        if url.host().is_none() { Err(AddressError::Host) } else { Ok(Self(url)) }
    }
}

/// A host and a number without a scheme. The number may be too large for a port. An IPv6 address is in brackets, as in a URL.
fn host_and_port(text: &str) -> Option<&str> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = text.rsplit_once(':')?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '/' | '?' | '#' | '\\' | '[' | ']');
    let is_host = if bracketed {
        host[1..host.len() - 1].parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        // A text with a user before the host is rejected as a URL, and that error names the reason.
        !host.is_empty() && host.chars().all(plain) && !host.rsplit('@').next().unwrap_or(host).contains(':')
    };
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_host && is_number).then_some(text)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The slash of a URL without a path; any other one is part of the path.
        let text = self.0.as_str();
        f.write_str(if self.0.path() == "/" { text.trim_end_matches('/') } else { text })
    }
}

impl Address {
    /// Whether a text has the form of an address, valid or not, and not of a gateway's name: a URL, or a host with a
    /// port. A host without a port could be a name.
    pub fn is_address(text: &str) -> bool {
        text.contains("://") || host_and_port(text.trim()).is_some()
    }

    /// A gateway on this host, over plaintext WebSocket unless it serves TLS.
    pub fn loopback(port: u16, tls: bool) -> Self {
        let scheme = if tls { "wss" } else { "ws" };
        let url = Url::parse(&format!("{scheme}://127.0.0.1:{port}"));
        Self(url.unwrap_or_else(|_| unreachable!("an address of numbers is a URL")))
    }

    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// The host as in a Host header: an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The port, or the scheme's default if the address has none.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self.0.scheme(), "wss" | "https")
    }

    /// Whether calls go to the admin endpoint, and not over the WebSocket.
    pub fn is_http(&self) -> bool {
        matches!(self.0.scheme(), "http" | "https")
    }

    /// Whether the host is this machine's loopback: by address, or `localhost` and names below it.
    pub fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
            // Only schemes that the URL standard does not know have no parsed host.
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_the_address() {
        for (text, printed) in [
            ("wss://h/", "wss://h"),
            ("wss://h", "wss://h"),
            ("https://h//", "https://h//"),
            ("https://h/x/", "https://h/x/"),
            ("https://h/x", "https://h/x"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), printed);
            assert_eq!(printed.parse(), Ok(address));
        }
    }

    #[test]
    fn a_host_with_a_port_is_an_address() {
        for (text, url) in [
            ("myhost:18789", "wss://myhost:18789"),
            ("gateway.example:443", "wss://gateway.example"),
            ("192.168.0.7:18789", "wss://192.168.0.7:18789"),
            ("[fd00::7]:18789", "wss://[fd00::7]:18789"),
            ("127.0.0.1:18789", "ws://127.0.0.1:18789"),
            ("localhost:18789", "ws://localhost:18789"),
            ("[::1]:18789", "ws://[::1]:18789"),
            (" localhost:18789/ ", "ws://localhost:18789"),
        ] {
            assert!(Address::is_address(text), "{text}");
            assert_eq!(text.parse::<Address>().unwrap().to_string(), url, "{text}");
        }
        for text in ["h:0", "h:65536", "127.0.0.1:70000", "wss://h:0", "ws://127.0.0.1:70000"] {
            assert!(Address::is_address(text), "{text}");
            assert_eq!(text.parse::<Address>(), Err(AddressError::Port), "{text}");
        }
        for text in ["prod", "gateway.example", "prod:", ":1", "h:+1", "h:x", "::1:18789", ""] {
            assert!(!Address::is_address(text), "{text}");
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
        for text in ["u:hunter2@h.example:18789", "hunter2@h.example:18789"] {
            assert_eq!(text.parse::<Address>(), Err(AddressError::Credentials), "{text}");
        }
        for text in ["h.example/?token=hunter2:1", "h.example?hunter2:1", "h.example#hunter2:1"] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
