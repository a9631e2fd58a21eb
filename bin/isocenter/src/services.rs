//! The services of one association: STORAGE-SCP and QUERY-RETRIEVE-SCP over one set of holdings.

use std::time::Duration;

use application_entity::dispatch::refuse;
use application_entity::{Attendance, Leisure, Services};
use dimse::{Dialogue, Ended, FindRq, GetRq, MoveRq, NActionRq, Outcome, Request, Response, StoreRq};
use holdings::{Holdings, HoldingsError, Running};
use query_retrieve_scp::{QueryRetrieveScp, statuses};
use storage_scp::StorageScp;
use storage_scp::commitment::{Commitment, Session};
use upper_layer::Transport;
use vocabulary::StatusRow;

use crate::wiring::OpensHoldings;

/// The services behind an association.
pub(crate) struct ArchiveServices<'a> {
    /// The holdings, and the right to keep in them while this association lives.
    holdings: Option<(Holdings, Running)>,
    open: &'a OpensHoldings,
    storage_scp: &'a StorageScp,
    query_retrieve_scp: &'a QueryRetrieveScp,
    commitment: Session<'a>,
}

impl<'a> ArchiveServices<'a> {
    /// The holdings are opened when a request needs them, which a C-ECHO does not: opening them takes longer
    /// than all else of a short association. If that fails, the next request tries again.
    pub(crate) fn new(
        open: &'a OpensHoldings,
        storage_scp: &'a StorageScp,
        query_retrieve_scp: &'a QueryRetrieveScp,
        commitment: &'a Commitment,
    ) -> Self {
        let commitment = Session::new(commitment);
        Self { holdings: None, open, storage_scp, query_retrieve_scp, commitment }
    }

    fn holdings(&mut self) -> Result<&mut Holdings, HoldingsError> {
        opened(&mut self.holdings, self.open)
    }
}

/// The holdings, opened by now.
fn opened<'h>(
    holdings: &'h mut Option<(Holdings, Running)>,
    open: &OpensHoldings,
) -> Result<&'h mut Holdings, HoldingsError> {
    let opened = match holdings.take() {
        Some(opened) => opened,
        None => {
            let holdings = open.open_for_association()?;
            let running = holdings.join()?;
            (holdings, running)
        }
    };
    Ok(&mut holdings.insert(opened).0)
}

/// Answers a request for which the holdings could not be opened.
fn fall_short<T: Transport>(
    dialogue: &mut Dialogue<T>,
    request: &Request,
    row: StatusRow,
    error: &HoldingsError,
) -> Result<(), Ended> {
    tracing::error!("the holdings cannot be opened: {error}");
    refuse(dialogue, request, Outcome::new(row.status).comment("the holdings cannot be opened"))
}

impl<T: Transport> Services<T> for ArchiveServices<'_> {
    fn store(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: StoreRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let storage_scp = self.storage_scp;
        match self.holdings() {
            Ok(holdings) => storage_scp.store(holdings, dialogue, &rq, attendance),
            Err(error) => fall_short(dialogue, &rq.into(), holdings::SHORT, &error),
        }
    }

    fn find(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: FindRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let query_retrieve_scp = self.query_retrieve_scp;
        match self.holdings() {
            Ok(holdings) => query_retrieve_scp.find(holdings, dialogue, &rq, attendance),
            Err(error) => fall_short(dialogue, &rq.into(), statuses::CANNOT_SEARCH, &error),
        }
    }

    fn get(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: GetRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        if self.commitment.is_asking() {
            let outcome = Outcome::new(statuses::OURS_IS_OPEN.status);
            let outcome = outcome.comment("our N-EVENT-REPORT on this association is not answered yet");
            return refuse(dialogue, &rq.into(), outcome);
        }
        let query_retrieve_scp = self.query_retrieve_scp;
        match self.holdings() {
            Ok(holdings) => query_retrieve_scp.get(holdings, dialogue, &rq, attendance),
            Err(error) => fall_short(dialogue, &rq.into(), statuses::CANNOT_COUNT, &error),
        }
    }

    fn r#move(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: MoveRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let query_retrieve_scp = self.query_retrieve_scp;
        match self.holdings() {
            Ok(holdings) => query_retrieve_scp.r#move(holdings, dialogue, &rq, attendance),
            Err(error) => fall_short(dialogue, &rq.into(), statuses::CANNOT_COUNT, &error),
        }
    }

    fn n_action(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: NActionRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let holdings = opened(&mut self.holdings, self.open);
        self.commitment.request(holdings, dialogue, rq, attendance)
    }

    fn answered(
        &mut self,
        dialogue: &mut Dialogue<T>,
        response: Response,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        match response {
            Response::NEventReport(rsp) => self.commitment.answered(dialogue, &rsp, attendance),
            // The dialogue lets nothing through that answers no request of ours.
            _ => Ok(()),
        }
    }

    fn leisure(&self) -> Option<Duration> {
        self.commitment.leisure()
    }

    fn at_leisure(
        &mut self,
        dialogue: &mut Dialogue<T>,
        attendance: &mut Attendance<'_>,
    ) -> Result<Leisure, Ended> {
        self.commitment.at_leisure(dialogue, attendance)
    }

    fn over(&mut self) {
        self.commitment.over();
    }
}
