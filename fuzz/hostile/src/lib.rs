//! What hostile bytes are put through: one function for each way by which bytes come in.
//!
//! In: any bytes. Out: nothing; what must not be (a panic, a loop, a round trip that does not come round) ends the
//! process. The fuzz targets in `fuzz/fuzz_targets` call these functions and nothing else, and so do the ordinary
//! tests with every file of `fuzz/corpus`.
//!
//! Absent on purpose: what only the network can do (silence, half an instance a day); `tests/test_bad_input.py` has it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a body fails by panicking")]

mod associations;
mod children;
mod data_sets;
mod pictures;
mod queries;
mod recorders;
mod settings;
mod texts;

pub use associations::{acceptor, command, pdu, requestor};
pub use children::child;
pub use data_sets::{data_set, deflated, file_meta};
pub use pictures::{conversion, pixels};
pub use queries::{location, query, row};
pub use recorders::recorder;
pub use settings::configuration;
pub use texts::character_set;

/// A way in, by the name of its fuzz target and of its folder in `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const TARGETS: &[Target] = &[
    ("pdu", pdu),
    ("acceptor", acceptor),
    ("requestor", requestor),
    ("command", command),
    ("data_set", data_set),
    ("deflated", deflated),
    ("file_meta", file_meta),
    ("character_set", character_set),
    ("query", query),
    ("configuration", configuration),
    ("conversion", conversion),
    ("pixels", pixels),
    ("recorder", recorder),
    ("child", child),
];
