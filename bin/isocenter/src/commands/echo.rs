//! `isocenter echo`: is the peer there? (SCU-022, SCP-034: a diagnostic tool for service staff)

use std::time::Instant;

use dimse::Dialogue;
use storage_scp::commitment;
use upper_layer::pdu::ProposedContext;
use vocabulary::{Status, Uid, sop_class, transfer_syntax};

use crate::cli::Echo;
use crate::commands::say::say;
use crate::commands::{Failure, configured};
use crate::peer_argument::peer;
use crate::wiring;

/// What it proposes.
pub(crate) const SOP_CLASS: &str = sop_class::VERIFICATION;
/// What it proposes it in.
pub(crate) const TRANSFER_SYNTAX: &str = transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN;

/// Asks for an association and sends one C-ECHO.
pub(crate) fn run(arguments: &Echo) -> Result<(), Failure> {
    let mut configuration = configured(&arguments.to.configured.sources())?.configuration;
    let peer = peer(&arguments.to, &mut configuration)?;
    let (initiation, contexts, roles) = if arguments.storage_scp {
        // Just as a notification begins.
        let initiation = wiring::storage_scp_initiation(&configuration)?;
        (initiation, commitment::contexts(), commitment::roles())
    } else {
        let verification = ProposedContext {
            id: 1,
            abstract_syntax: Uid::known(SOP_CLASS),
            transfer_syntaxes: vec![Uid::known(TRANSFER_SYNTAX)],
        };
        (wiring::storage_scu(&configuration)?.initiation, vec![verification], Vec::new())
    };
    let began = Instant::now();
    let association = initiation.begin(&peer, contexts, roles)?;
    let accepts =
        |class: &str| association.contexts().iter().find(|context| context.abstract_syntax == class);
    let verification = accepts(sop_class::VERIFICATION).map(|context| context.id);
    let takes_notifications = accepts(sop_class::STORAGE_COMMITMENT_PUSH_MODEL).is_some();
    let Some(verification) = verification else {
        association.release()?;
        return Err(Failure(format!("{} takes no C-ECHO at {}:{}", peer.ae_title, peer.host, peer.port)));
    };
    let mut dialogue = Dialogue::new(association);
    let answer = dialogue.echo(verification, Some(configuration.storage_scu.response_timeout))?;
    let took = began.elapsed();
    if let Some(association) = dialogue.into_association() {
        association.release()?;
    }
    if answer.outcome.status != Status::SUCCESS {
        return Err(Failure(format!("{} answered {}", peer.ae_title, answer.outcome.status)));
    }
    say(format_args!("{} at {}:{} answered in {took:.1?}\n", peer.ae_title, peer.host, peer.port))?;
    if arguments.storage_scp && !takes_notifications {
        return Err(Failure(format!("{} takes no storage commitment notifications", peer.ae_title)));
    }
    Ok(())
}
