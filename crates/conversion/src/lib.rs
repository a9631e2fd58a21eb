//! Instances made into what a destination takes (PS3.2 F.4.2.1, F.8.1.2).
//!
//! In: an instance as it is held, what a destination accepts, what its [`Rules`] say and what was corrected. Out:
//! [`Plan`]s, the best one first; and of a plan that converts, other bytes ([`Conversion::apply`]).
//!
//! Read [`plan`], which decides before a byte is read; then `conversion`, which puts together what changes; then
//! `rewrite`, through which every byte goes, and `pixels`, for those that are decoded.
//!
//! Absent on purpose: associations, files and the catalog (an instance is something that can be read again), and
//! the decoders that need a library in C: what they are for is refused in words.

mod conversion;
mod corrections;
mod derivation;
mod edits;
mod error;
pub mod limits;
mod pixels;
pub mod plan;
mod rewrite;
mod rules;
mod survey;
mod tags;
mod ultrasound;
mod window;

pub use conversion::{Applied, Conversion, Converted, Stored};
pub use corrections::{Corrections, Modification};
pub use error::NotConverted;
pub use plan::Plan;
pub use rules::{Lossy, Photometric, Rules, Signed, Ultrasound, Window};
