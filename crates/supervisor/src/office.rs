//! The loop.

use std::io;
use std::sync::Arc;

use crate::{Connection, Control, Event, Plan, SupervisorError};

/// What a thread does with its connection.
pub type Serve = dyn Fn(Connection, &mut Control) + Send + Sync;

/// Runs until it has drained: a child process for each connection.
///
/// `reload` is asked on SIGHUP for the plan that holds from then on; none keeps the present one. SIGTERM and
/// SIGINT begin a drain, a second one ends what is left.
pub fn run(
    plan: Plan,
    reload: impl FnMut() -> Option<Plan>,
    events: impl FnMut(Event<'_>),
) -> Result<(), SupervisorError> {
    drop((plan, reload, events));
    Err(SupervisorError::System { what: "epoll", source: io::ErrorKind::Unsupported.into() })
}

/// As [`run`], with a thread of this process for each connection.
pub fn run_threads(
    plan: Plan,
    serve: Arc<Serve>,
    reload: impl FnMut() -> Option<Plan>,
    events: impl FnMut(Event<'_>),
) -> Result<(), SupervisorError> {
    drop((plan, serve, reload, events));
    Err(SupervisorError::System { what: "epoll", source: io::ErrorKind::Unsupported.into() })
}
