//! The services of one association: STORAGE-SCP and QUERY-RETRIEVE-SCP over one set of holdings.

use application_entity::dispatch::refuse;
use application_entity::{Attendance, Services};
use dimse::{Dialogue, Ended, FindRq, GetRq, MoveRq, Outcome, Request, StoreRq};
use holdings::{Holdings, HoldingsError, Running};
use query_retrieve_scp::{QueryRetrieveScp, statuses};
use storage_scp::StorageScp;
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
}

impl<'a> ArchiveServices<'a> {
    /// The holdings are opened when a request needs them, which a C-ECHO does not: opening them takes longer
    /// than all else of a short association. If that fails, the next request tries again.
    pub(crate) fn new(
        open: &'a OpensHoldings,
        storage_scp: &'a StorageScp,
        query_retrieve_scp: &'a QueryRetrieveScp,
    ) -> Self {
        Self { holdings: None, open, storage_scp, query_retrieve_scp }
    }

    fn holdings(&mut self) -> Result<&mut Holdings, HoldingsError> {
        let opened = match self.holdings.take() {
            Some(opened) => opened,
            None => {
                let holdings = self.open.open()?;
                let running = holdings.join()?;
                (holdings, running)
            }
        };
        Ok(&mut self.holdings.insert(opened).0)
    }
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
}
