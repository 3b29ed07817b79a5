//! Encrypted gateways: accepted certificates, and the errors for others.

use super::{Row, Step, bytes, chain, check, row, times};
use crate::support::fake::Script;
use crate::support::fake::frames::{entered, got};
use crate::support::fake::tls::{Certificate, TRUSTED, UNKNOWN, self_signed};

const URL: &str = "wss://127.0.0.1:{port}";

fn served(certificate: &Certificate) -> Script {
    Script::once(chain([vec![Step::Tls(certificate.config.clone())], entered(), got()]))
}

fn refused(certificate: &Certificate) -> Script {
    Script::once([Step::TlsRefused(certificate.config.clone())])
}

/// Uses the trusted certificate authority.
fn trusting(row: Row) -> Row {
    row.at(URL).file("ca.pem", &TRUSTED.pem).with("--ca-file={home}/ca.pem")
}

fn pinning(row: Row, fingerprint: &str) -> Row {
    row.at(URL).with("--tls-fingerprint").with(fingerprint)
}

fn plain(name: &str, steps: impl IntoIterator<Item = Step>) -> Row {
    row(name, Script::once(steps)).at(URL).fails(4, &["certificate"])
}

pub fn rows() -> Vec<Row> {
    let good = TRUSTED.signs("127.0.0.1");
    let alone = self_signed("127.0.0.1");
    let elsewhere = self_signed("elsewhere.test");
    let expired = TRUSTED.signs_until("127.0.0.1", 2001);
    let untrusted =
        |name: &str, script| row(name, script).at(URL).fails(5, &["certificate"]).says("--tls-fingerprint");
    let shows = |row: Row, certificate: &Certificate| row.says(certificate.fingerprint.clone().leak());
    vec![
        trusting(row("signed by the CA file", served(&good))),
        trusting(untrusted("expired", refused(&expired))).says("expired"),
        trusting(untrusted("for another name", refused(&TRUSTED.signs("elsewhere.test")))),
        trusting(untrusted("signed by another authority", refused(&UNKNOWN.signs("127.0.0.1")))),
        trusting(shows(untrusted("self-signed, with a CA file", refused(&alone)), &alone)),
        shows(untrusted("self-signed, with the platform's roots", refused(&alone)), &alone)
            .says("openssl x509"),
        untrusted("signed by an unknown authority", refused(&good)),
        pinning(row("self-signed and pinned", served(&alone)), &alone.fingerprint),
        pinning(row("pinned, for another name", served(&elsewhere)), &elsewhere.fingerprint),
        pinning(row("pinned and expired", served(&expired)), &expired.fingerprint),
        pinning(
            row("pinned without colons", served(&good)),
            &good.fingerprint.replace(':', "").to_lowercase(),
        ),
        shows(pinning(untrusted("another pin", refused(&alone)), &good.fingerprint), &alone)
            .says("the connection may be intercepted"),
        pinning(row("a pin that is none", Script::default()), "AA:BB").fails(2, &["settings"]),
        row("a CA file that holds nothing", Script::of([vec![]]))
            .at(URL)
            .file("ca.pem", "nothing\n")
            .with("--ca-file={home}/ca.pem")
            .fails(7, &["certificate"])
            .says("ca.pem"),
        row("a CA file of garbage", Script::of([vec![]]))
            .at(URL)
            .file("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .with("--ca-file={home}/ca.pem")
            .fails(7, &["certificate"]),
        row("a CA file that is not there", Script::of([vec![]]))
            .at(URL)
            .with("--ca-file={home}/ca.pem")
            .fails(7, &["certificate"]),
        plain("no TLS there: HTTP answers", [Step::Something, bytes("HTTP/1.1 400 Bad Request\r\n\r\n")])
            .says("ws://"),
        plain("no TLS there: garbage", [Step::Something, bytes("SSH-2.0-OpenSSH_9.6\r\n")]),
        plain("TLS 1.1 at most", [Step::Something, Step::Bytes(vec![0x15, 3, 2, 0, 2, 2, 70])]),
        plain("a TLS alert", [Step::Something, Step::Bytes(vec![0x15, 3, 3, 0, 2, 2, 40])]),
        row("drop at accept, with TLS", times(5, [Step::Drop])).at(URL).lost().says("TLS handshake"),
        row("drop in the TLS handshake", times(5, [Step::Something, Step::Drop])).at(URL).lost(),
        row("reset in the TLS handshake", times(5, [Step::Something, Step::Reset])).at(URL).lost(),
        row("stall in the TLS handshake", Script::once([Step::Something, Step::Stall]))
            .at(URL)
            .hangs()
            .says("TLS handshake"),
        row(
            "stall in the server's hello",
            Script::once([Step::Something, Step::Bytes(vec![0x16, 3, 3, 0x10, 0, 2]), Step::Stall]),
        )
        .at(URL)
        .hangs(),
        trusting(
            row("stall after the TLS handshake", Script::once([Step::Tls(good.config.clone()), Step::Stall]))
                .hangs(),
        )
        .says("during the upgrade"),
        trusting(
            row(
                "drop after the TLS handshake",
                times(5, [Step::Tls(good.config.clone()), Step::Something, Step::Drop]),
            )
            .lost(),
        ),
        row("TLS there, and plaintext spoken", Script::once([Step::TlsRefused(good.config.clone())]))
            .fails(4, &["not-a-gateway"]),
    ]
}

#[test]
fn whose_word_is_taken() {
    check(rows());
}
