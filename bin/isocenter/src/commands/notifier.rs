//! The notifier: a process that `serve` keeps running, to tell peers over new associations what storage commitment
//! could not tell them on their own; and to pass the audit trail on.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, SystemTime};

use sandbox::Role;
use supervisor::Control;

use crate::commands::{Failure, sealed};
use crate::{audit_trail, confinement, logging, wiring};

/// How often it is looked for notifications that are due.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// How often what is over is forgotten.
const TIDIES_EVERY: Duration = Duration::from_secs(3_600);

/// How long an exchange with a peer may go on when the server is being stopped. What is not answered by then is sent
/// again after the next start.
const FINISHES_WITHIN: Duration = Duration::from_secs(2);

/// Delivers until it is told to stop.
pub(crate) fn run() -> Result<(), Failure> {
    let mut control = Control::from_inherited()?;
    let configuration = sealed(control.settings())?;
    logging::init(configuration.log);
    supervisor::title::set("notifier");
    let notifier = wiring::notifier(&configuration)?;
    let forwarder = audit_trail::forwarder(&configuration);
    confinement::enclose(Role::Outward, &configuration)?;
    let passing_on = audit_trail::pass_on(forwarder)?;
    let (stop, stopped) = channel::<()>();
    std::thread::spawn(move || {
        control.wait_for_end(None);
        if let Some(passing_on) = passing_on {
            passing_on.stop();
        }
        drop(stop);
        std::thread::sleep(FINISHES_WITHIN);
        std::process::exit(0);
    });

    let mut since_tidied = TIDIES_EVERY;
    loop {
        if since_tidied >= TIDIES_EVERY {
            since_tidied = Duration::ZERO;
            if let Err(error) = notifier.tidy(SystemTime::now()) {
                tracing::error!("{error}");
            }
        }
        let mut goes_on = || stopped.recv_timeout(Duration::ZERO) == Err(RecvTimeoutError::Timeout);
        if let Err(error) = notifier.round(&SystemTime::now, &mut goes_on) {
            tracing::error!("{error}");
        }
        if stopped.recv_timeout(LOOKS_EVERY) == Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
        since_tidied += LOOKS_EVERY;
    }
}
