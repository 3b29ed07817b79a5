//! Flags, environment and configuration files, resolved into one target with its credential.
