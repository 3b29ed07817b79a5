//! What every command needs that stays: signals, notifications to systemd, and the HTTP server of `--metrics`.

pub(super) mod http;
mod signals;

pub(super) use signals::{Service, Signal};
