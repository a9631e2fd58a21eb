//! The cases.

mod admission;
mod ends;
mod nurseries;
mod processes;
mod threads;

use super::Case;

pub(crate) fn all() -> Vec<Case> {
    [admission::CASES, ends::CASES, nurseries::CASES, processes::CASES, threads::CASES].concat()
}

/// The cases of a file, each named as its function is.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        pub(crate) const CASES: &[crate::Case] = &[$((stringify!($name), $name)),*];
    };
}
pub(crate) use cases;
