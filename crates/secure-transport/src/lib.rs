//! Secure transport connections (PS3.15 annex B): TLS between the upper layer and whatever carries bytes.
//!
//! In: a connected [`Transport`](upper_layer::Transport), and who we are ([`Credentials`]), whom we trust
//! ([`Authorities`]) and what may be negotiated ([`Profile`]). Out: [`Secured`], which is a transport as well and
//! knows the peer's [`Certificate`]; or [`HandshakeFailed`], in words for whoever has to put it right.
//!
//! Read `profile` (the table), then [`Listening`] and [`Calling`] (the two roles), then `secured` (the bytes).
//!
//! Absent on purpose: sockets and clocks (those of the transport beneath are used), files (PEM comes as text), AE
//! titles (which title goes with which certificate is application-entity's), cryptography (rustls and ring do it), and
//! resumption of sessions, which would outlive a certificate's replacement.

mod authorities;
mod calling;
mod certificate;
mod credentials;
mod expected;
mod failed;
mod listening;
mod profile;
mod secured;
mod verify;

pub use authorities::Authorities;
pub use calling::Calling;
pub use certificate::{Certificate, Fingerprint};
pub use credentials::{Credentials, CredentialsError};
pub use expected::{Expected, ExpectedError};
pub use failed::HandshakeFailed;
pub use listening::{ClientCertificates, Listening};
pub use profile::{PROFILES, Profile, SUITES, Suite, TlsVersion};
pub use secured::Secured;

#[cfg(test)]
mod tests;
