//! The connector: a process that `serve` keeps running, to open connections for associations that may open none.

use sandbox::Role;
use supervisor::Control;

use crate::commands::{Failure, sealed};
use crate::{access, confinement, connector, logging};

/// Connects until it is told to stop.
pub(crate) fn run() -> Result<(), Failure> {
    let mut control = Control::from_inherited()?;
    let configuration = sealed(control.settings())?;
    logging::init(configuration.log);
    supervisor::title::set("connector");
    let peers = access::peers(&configuration)?;
    confinement::enclose(Role::Outward, &configuration)?;
    let listener = catalog::listen(&connector::socket(&configuration.data))?;
    listener.set_nonblocking(false)?;
    std::thread::Builder::new().name("connector".to_owned()).spawn(move || {
        if let Err(error) = connector::run(&listener, peers, configuration.network.connect_timeout) {
            tracing::error!("cannot connect to peers any more: {error}");
            std::process::exit(1);
        }
    })?;
    control.wait_for_end(None);
    Ok(())
}
