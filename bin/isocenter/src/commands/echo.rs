//! `isocenter echo`: is the peer there? (SCU-022: a diagnostic tool for service staff)

use std::time::Instant;

use dimse::Dialogue;
use upper_layer::pdu::ProposedContext;
use vocabulary::{Status, Uid, sop_class, transfer_syntax};

use crate::cli::ToPeer;
use crate::commands::{Failure, configured};
use crate::peer_argument::peer;
use crate::wiring;

/// What it proposes.
pub(crate) const SOP_CLASS: &str = sop_class::VERIFICATION;
/// What it proposes it in.
pub(crate) const TRANSFER_SYNTAX: &str = transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN;

/// Asks for an association and sends one C-ECHO.
pub(crate) fn run(arguments: &ToPeer) -> Result<(), Failure> {
    let configuration = configured(&arguments.configured.sources())?.configuration;
    let peer = peer(&arguments.peer, &configuration)?;
    let scu = wiring::storage_scu(&configuration)?;
    let context = ProposedContext {
        id: 1,
        abstract_syntax: Uid::known(SOP_CLASS),
        transfer_syntaxes: vec![Uid::known(TRANSFER_SYNTAX)],
    };
    let began = Instant::now();
    let association = scu.initiation.begin(&peer, vec![context], Vec::new())?;
    if association.context(1).is_none() {
        association.release()?;
        return Err(Failure(format!("{} takes no C-ECHO at {}:{}", peer.ae_title, peer.host, peer.port)));
    }
    let mut dialogue = Dialogue::new(association);
    let answer = dialogue.echo(1, Some(configuration.storage_scu.response_timeout))?;
    let took = began.elapsed();
    if let Some(association) = dialogue.into_association() {
        association.release()?;
    }
    if answer.outcome.status != Status::SUCCESS {
        return Err(Failure(format!("{} answered {}", peer.ae_title, answer.outcome.status)));
    }
    println!("{} at {}:{} answered in {took:.1?}", peer.ae_title, peer.host, peer.port);
    Ok(())
}
