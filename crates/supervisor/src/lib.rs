//! The supervisor: listens, counts, hands sockets over, starts and reaps. It knows processes and no protocol.
//!
//! In: a [`Plan`], and connections. Out: a process (or, with [`run_threads`], a thread) for each association,
//! born with its connection and a line to the supervisor, over which it asks for what is counted: a place among the
//! associations ([`Supervised::admit`]), a permit to export ([`Supervised::permit`]).
//!
//! ```text
//! isocenter: supervisor, 2 of 10 associations
//! ├─ isocenter: nursery                                              forks the children
//! ├─ isocenter: CT2 -> ISO_STORE_SCP 10.0.0.7, C-STORE 118           a child: serves one connection, then exits
//! ├─ isocenter: WS9 -> ISO_QUERY_SCP 10.0.0.9, C-FIND                another one
//! └─ isocenter: housekeeper                                          a keeper: restarted when it ends
//! ```
//!
//! Read `plan`, then `places` and `permits` (the counting: pure, time is an argument), `message` (what is said on a `line`
//! to a child and on a control socket to the nursery or a keeper), `nursery` and `child` (the other ends of them) and at
//! last `office`, the loop that ties them.
//!
//! Who dies with whom: a child that dies takes its own association along and nothing else. A nursery that dies
//! takes nobody along; those who come wait for the next one. When the supervisor dies, the nursery exits at
//! once, since its control socket ends; children finish their association and exit then, which is why no
//! parent-death signal is set. No child holds a
//! listening socket, so a new supervisor can bind the ports meanwhile.
//!
//! Absent on purpose: bytes from a peer (a connection is accepted and passed on unread), any other crate of
//! ours, and log lines (an [`Event`] tells; whoever runs the supervisor words it).

mod admission;
mod channel;
pub mod child;
mod event;
mod fork;
mod keeper;
mod leisure;
mod line;
mod listen;
pub mod message;
mod nursery;
mod office;
mod pending;
mod permits;
mod places;
mod plan;
mod signals;
mod spawn;
mod strangers;
pub mod title;
mod worker;

pub use admission::{Admission, Awaited, Permit, Refusal, Supervised, SupervisorGone, Unsupervised};
pub use child::{Connection, Control, ControlError};
pub use event::{Ending, Event};
pub use leisure::work_at_leisure;
pub use nursery::Nursery;
pub use office::{Serve, run, run_threads};
pub use plan::{Group, Keeper, KeeperStops, Limit, OWN_PROGRAM, PermitGroup, Plan, Restart, SupervisorError};

/// What events call the nursery.
pub const NURSERY: &str = "nursery";
