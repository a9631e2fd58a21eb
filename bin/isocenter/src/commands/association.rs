//! One association: a child process that `serve` starts ahead, or a thread of it.

use application_entity::TcpTransport;
use supervisor::{Connection, Control};

use crate::commands::{Failure, sealed};
use crate::logging;
use crate::overseer::Supervisor;
use crate::services::ArchiveServices;
use crate::wiring::{self, Wiring};

/// Serves one connection and ends.
pub(crate) fn run() -> Result<(), Failure> {
    let mut control = Control::from_inherited()?;
    let configuration = sealed(control.settings())?;
    logging::init(configuration.log);
    let wiring = Wiring::new(&configuration)?;
    let services = ArchiveServices::new(&wiring.holdings, &wiring.storage_scp, &wiring.query_retrieve_scp);
    let listeners = wiring::listeners(&configuration);
    match control.next_connection() {
        Some(connection) => serve_with(connection, &mut control, &wiring, &listeners, services),
        None => Ok(()),
    }
}

/// Serves one connection on the calling thread.
pub(crate) fn serve(connection: Connection, control: &mut Control) -> Result<(), Failure> {
    let configuration = sealed(control.settings())?;
    let wiring = Wiring::new(&configuration)?;
    let services = ArchiveServices::new(&wiring.holdings, &wiring.storage_scp, &wiring.query_retrieve_scp);
    let listeners = wiring::listeners(&configuration);
    serve_with(connection, control, &wiring, &listeners, services)
}

fn serve_with(
    connection: Connection,
    control: &mut Control,
    wiring: &Wiring,
    listeners: &[std::net::SocketAddr],
    mut services: ArchiveServices<'_>,
) -> Result<(), Failure> {
    let address = listeners
        .get(connection.listener)
        .ok_or_else(|| Failure("a connection came in where nobody listens".to_owned()))?;
    let entities = wiring.entities_at(*address);
    let transport = TcpTransport::new(connection.stream)?;
    application_entity::serve(
        transport,
        connection.peer,
        &entities,
        &wiring.network,
        &mut Supervisor(control),
        &mut services,
    );
    Ok(())
}
