//! What every Application Entity of Isocenter shares: whom it lets in, whom it calls, and how a request finds its
//! service.
//!
//! In: a connection, the [`Entity`] descriptions of who listens there, and the [`Services`] behind them. Out: the
//! dialogue of one association, served to its end by [`serve`]; or, the other way round, an association that we
//! begin ([`Initiation`]).
//!
//! Read [`serve`], then [`acceptance`] (may they, and what for), then [`dispatch`] (request to service).
//!
//! Absent on purpose: what a service does (the crates of the AEs), processes and their counting (an
//! [`Overseer`], which the supervisor is), TLS (secure-transport's; a [`Channel`] has it or not), and the configuration.

pub mod acceptance;
mod address;
mod caller;
mod channel;
mod connecting;
pub mod dispatch;
mod entity;
mod initiation;
pub mod offer;
mod overseer;
mod peers;
pub mod rejections;
pub mod rights;
mod serve;
mod tcp;
pub mod users;

pub use address::{AddressRange, AddressRangeError};
pub use caller::Caller;
pub use channel::Channel;
pub use connecting::{Connecting, Directly};
pub use dispatch::{Attendance, Leisure, Services};
pub use entity::{Access, Entity};
pub use initiation::{Initiation, InitiationFailed};
pub use overseer::{Admission, Awaited, NoPlace, Nobody, Overseer, Permit};
pub use peers::{Acquaintances, Peer, Peers, UnknownPeers};
pub use serve::{Network, Reception, serve};
pub use tcp::TcpTransport;
