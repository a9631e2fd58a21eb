//! The holdings as the entities above them see them: what is kept, what is refused, what survives.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod support;

mod arrival;
mod correct;
mod exam_types;
mod import;
mod import_all;
mod keep;
mod power_cut;
mod races;
mod refusals;
mod reindex;
mod scrub;
mod start;
mod verify;
