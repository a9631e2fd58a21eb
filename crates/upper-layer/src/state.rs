//! The protocol machine (PS3.8 9.2): what is done about an event, and where that leads.
//!
//! [`action`] is PS3.8 table 9-10, cell by cell; [`Action::leads_to`] is the last column of tables 9-6 to 9-9.
//! Nothing is done here: the association does what the table says.

/// Where an association stands (PS3.8 tables 9-1 to 9-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// No association, no connection.
    Sta1Idle,
    /// Connected; the A-ASSOCIATE-RQ is awaited.
    Sta2AwaitAssociateRq,
    /// The AE is to say whether it accepts.
    Sta3AwaitLocalAnswer,
    /// The connection is being opened.
    Sta4AwaitTransport,
    /// The answer to our A-ASSOCIATE-RQ is awaited.
    Sta5AwaitAnswer,
    /// Data may travel.
    Sta6Established,
    /// The answer to our A-RELEASE-RQ is awaited.
    Sta7AwaitReleaseRp,
    /// The AE is to answer the peer's A-RELEASE-RQ.
    Sta8AwaitLocalRelease,
    /// Release collision, we requested the association: the AE is to answer.
    Sta9CollisionAwaitLocalRelease,
    /// Release collision, the peer requested the association: its A-RELEASE-RP is awaited.
    Sta10CollisionAwaitReleaseRp,
    /// Release collision, we requested the association: the A-RELEASE-RP is awaited.
    Sta11CollisionAwaitReleaseRp,
    /// Release collision, the peer requested the association: the AE is to answer.
    Sta12CollisionAwaitLocalRelease,
    /// All is said; the end of the connection is awaited.
    Sta13AwaitClose,
}

impl State {
    /// All of them, in order.
    pub const ALL: [Self; 13] = [
        Self::Sta1Idle,
        Self::Sta2AwaitAssociateRq,
        Self::Sta3AwaitLocalAnswer,
        Self::Sta4AwaitTransport,
        Self::Sta5AwaitAnswer,
        Self::Sta6Established,
        Self::Sta7AwaitReleaseRp,
        Self::Sta8AwaitLocalRelease,
        Self::Sta9CollisionAwaitLocalRelease,
        Self::Sta10CollisionAwaitReleaseRp,
        Self::Sta11CollisionAwaitReleaseRp,
        Self::Sta12CollisionAwaitLocalRelease,
        Self::Sta13AwaitClose,
    ];
}

/// What happens to an association (PS3.8 table 9-10, first column).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The AE wants an association.
    Evt1AssociateRequest,
    /// The connection that we opened stands.
    Evt2TransportConfirmed,
    /// An A-ASSOCIATE-AC came.
    Evt3AssociateAc,
    /// An A-ASSOCIATE-RJ came.
    Evt4AssociateRj,
    /// A peer opened a connection.
    Evt5TransportIndicated,
    /// An A-ASSOCIATE-RQ came.
    Evt6AssociateRq,
    /// The AE accepts.
    Evt7Accept,
    /// The AE rejects.
    Evt8Reject,
    /// The AE sends data.
    Evt9SendData,
    /// A P-DATA-TF came.
    Evt10Data,
    /// The AE wants the release.
    Evt11ReleaseRequest,
    /// An A-RELEASE-RQ came.
    Evt12ReleaseRq,
    /// An A-RELEASE-RP came.
    Evt13ReleaseRp,
    /// The AE agrees to the release.
    Evt14ReleaseResponse,
    /// The AE aborts.
    Evt15AbortRequest,
    /// An A-ABORT came.
    Evt16Abort,
    /// The connection is closed.
    Evt17TransportClosed,
    /// ARTIM has expired.
    Evt18ArtimExpired,
    /// Something came that is no PDU, or none that can be.
    Evt19InvalidPdu,
}

impl Event {
    /// All of them, in order.
    pub const ALL: [Self; 19] = [
        Self::Evt1AssociateRequest,
        Self::Evt2TransportConfirmed,
        Self::Evt3AssociateAc,
        Self::Evt4AssociateRj,
        Self::Evt5TransportIndicated,
        Self::Evt6AssociateRq,
        Self::Evt7Accept,
        Self::Evt8Reject,
        Self::Evt9SendData,
        Self::Evt10Data,
        Self::Evt11ReleaseRequest,
        Self::Evt12ReleaseRq,
        Self::Evt13ReleaseRp,
        Self::Evt14ReleaseResponse,
        Self::Evt15AbortRequest,
        Self::Evt16Abort,
        Self::Evt17TransportClosed,
        Self::Evt18ArtimExpired,
        Self::Evt19InvalidPdu,
    ];
}

/// What is done about an event (PS3.8 tables 9-6 to 9-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Open the connection.
    Ae1OpenTransport,
    /// Send A-ASSOCIATE-RQ.
    Ae2SendAssociateRq,
    /// Tell the AE that it is accepted.
    Ae3ConfirmAccepted,
    /// Tell the AE that it is rejected; close.
    Ae4ConfirmRejected,
    /// Start ARTIM.
    Ae5StartArtim,
    /// Stop ARTIM; ask the AE, or send A-ASSOCIATE-RJ and start ARTIM where the request cannot be taken.
    Ae6TakeAssociateRq,
    /// Send A-ASSOCIATE-AC.
    Ae7SendAssociateAc,
    /// Send A-ASSOCIATE-RJ; start ARTIM.
    Ae8SendAssociateRj,
    /// Send P-DATA-TF.
    Dt1SendData,
    /// Give the AE the data.
    Dt2IndicateData,
    /// Send A-RELEASE-RQ.
    Ar1SendReleaseRq,
    /// Tell the AE that the peer wants the release.
    Ar2IndicateRelease,
    /// Tell the AE that it is released; close.
    Ar3ConfirmRelease,
    /// Send A-RELEASE-RP; start ARTIM.
    Ar4SendReleaseRp,
    /// Stop ARTIM.
    Ar5StopArtim,
    /// Give the AE the data, though it wants the release.
    Ar6IndicateData,
    /// Send P-DATA-TF, though the peer wants the release.
    Ar7SendData,
    /// Tell the AE that the peer wants the release as well.
    Ar8IndicateCollision,
    /// Send A-RELEASE-RP.
    Ar9SendReleaseRp,
    /// Tell the AE that the peer agreed to the release.
    Ar10ConfirmRelease,
    /// Send A-ABORT from the service-user; start ARTIM.
    Aa1SendAbort,
    /// Stop ARTIM; close.
    Aa2Close,
    /// Tell the AE that the peer aborted; close.
    Aa3IndicateAbort,
    /// Tell the AE that the connection is lost.
    Aa4IndicateLoss,
    /// Stop ARTIM.
    Aa5StopArtim,
    /// Nothing.
    Aa6Ignore,
    /// Send A-ABORT.
    Aa7SendAbort,
    /// Send A-ABORT from the service-provider; tell the AE; start ARTIM.
    Aa8SendAbort,
}

impl Action {
    /// The next state. `is_taken`: whether an A-ASSOCIATE-RQ can be taken (AE-6); `we_requested`: whether we
    /// requested the association (AR-8).
    pub const fn leads_to(self, is_taken: bool, we_requested: bool) -> State {
        match self {
            Self::Ae1OpenTransport => State::Sta4AwaitTransport,
            Self::Ae2SendAssociateRq => State::Sta5AwaitAnswer,
            Self::Ae5StartArtim => State::Sta2AwaitAssociateRq,
            Self::Ae6TakeAssociateRq if is_taken => State::Sta3AwaitLocalAnswer,
            Self::Ae3ConfirmAccepted
            | Self::Ae7SendAssociateAc
            | Self::Dt1SendData
            | Self::Dt2IndicateData => State::Sta6Established,
            Self::Ar1SendReleaseRq | Self::Ar6IndicateData => State::Sta7AwaitReleaseRp,
            Self::Ar2IndicateRelease | Self::Ar7SendData => State::Sta8AwaitLocalRelease,
            Self::Ar8IndicateCollision if we_requested => State::Sta9CollisionAwaitLocalRelease,
            Self::Ar8IndicateCollision => State::Sta10CollisionAwaitReleaseRp,
            Self::Ar9SendReleaseRp => State::Sta11CollisionAwaitReleaseRp,
            Self::Ar10ConfirmRelease => State::Sta12CollisionAwaitLocalRelease,
            Self::Ae6TakeAssociateRq
            | Self::Ae8SendAssociateRj
            | Self::Ar4SendReleaseRp
            | Self::Aa1SendAbort
            | Self::Aa6Ignore
            | Self::Aa7SendAbort
            | Self::Aa8SendAbort => State::Sta13AwaitClose,
            Self::Ae4ConfirmRejected
            | Self::Ar3ConfirmRelease
            | Self::Ar5StopArtim
            | Self::Aa2Close
            | Self::Aa3IndicateAbort
            | Self::Aa4IndicateLoss
            | Self::Aa5StopArtim => State::Sta1Idle,
        }
    }
}

/// PS3.8 table 9-10: what is done about an event in a state. None: the table leaves the cell blank, for the
/// event cannot happen there unless a user of the machine is at fault.
pub const fn action(state: State, event: Event) -> Option<Action> {
    use Action as A;
    use Event as E;
    use State::{
        Sta1Idle as Sta1, Sta2AwaitAssociateRq as Sta2, Sta3AwaitLocalAnswer as Sta3,
        Sta4AwaitTransport as Sta4, Sta5AwaitAnswer as Sta5, Sta6Established as Sta6,
        Sta7AwaitReleaseRp as Sta7, Sta8AwaitLocalRelease as Sta8, Sta9CollisionAwaitLocalRelease as Sta9,
        Sta10CollisionAwaitReleaseRp as Sta10, Sta11CollisionAwaitReleaseRp as Sta11,
        Sta12CollisionAwaitLocalRelease as Sta12, Sta13AwaitClose as Sta13,
    };

    Some(match event {
        E::Evt1AssociateRequest => match state {
            Sta1 => A::Ae1OpenTransport,
            Sta2 | Sta3 | Sta4 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 | Sta13 => {
                return None;
            }
        },
        E::Evt2TransportConfirmed => match state {
            Sta4 => A::Ae2SendAssociateRq,
            Sta1 | Sta2 | Sta3 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 | Sta13 => {
                return None;
            }
        },
        E::Evt3AssociateAc => match state {
            Sta2 => A::Aa1SendAbort,
            Sta5 => A::Ae3ConfirmAccepted,
            Sta3 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa8SendAbort,
            Sta13 => A::Aa6Ignore,
            Sta1 | Sta4 => return None,
        },
        E::Evt4AssociateRj => match state {
            Sta2 => A::Aa1SendAbort,
            Sta5 => A::Ae4ConfirmRejected,
            Sta3 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa8SendAbort,
            Sta13 => A::Aa6Ignore,
            Sta1 | Sta4 => return None,
        },
        E::Evt5TransportIndicated => match state {
            Sta1 => A::Ae5StartArtim,
            Sta2 | Sta3 | Sta4 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 | Sta13 => {
                return None;
            }
        },
        E::Evt6AssociateRq => match state {
            Sta2 => A::Ae6TakeAssociateRq,
            Sta3 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa8SendAbort,
            Sta13 => A::Aa7SendAbort,
            Sta1 | Sta4 => return None,
        },
        E::Evt7Accept => match state {
            Sta3 => A::Ae7SendAssociateAc,
            Sta1 | Sta2 | Sta4 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 | Sta13 => {
                return None;
            }
        },
        E::Evt8Reject => match state {
            Sta3 => A::Ae8SendAssociateRj,
            Sta1 | Sta2 | Sta4 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 | Sta13 => {
                return None;
            }
        },
        E::Evt9SendData => match state {
            Sta6 => A::Dt1SendData,
            Sta8 => A::Ar7SendData,
            Sta1 | Sta2 | Sta3 | Sta4 | Sta5 | Sta7 | Sta9 | Sta10 | Sta11 | Sta12 | Sta13 => return None,
        },
        E::Evt10Data => match state {
            Sta2 => A::Aa1SendAbort,
            Sta6 => A::Dt2IndicateData,
            Sta7 => A::Ar6IndicateData,
            Sta3 | Sta5 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa8SendAbort,
            Sta13 => A::Aa6Ignore,
            Sta1 | Sta4 => return None,
        },
        E::Evt11ReleaseRequest => match state {
            Sta6 => A::Ar1SendReleaseRq,
            Sta1 | Sta2 | Sta3 | Sta4 | Sta5 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 | Sta13 => {
                return None;
            }
        },
        E::Evt12ReleaseRq => match state {
            Sta2 => A::Aa1SendAbort,
            Sta6 => A::Ar2IndicateRelease,
            Sta7 => A::Ar8IndicateCollision,
            Sta3 | Sta5 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa8SendAbort,
            Sta13 => A::Aa6Ignore,
            Sta1 | Sta4 => return None,
        },
        E::Evt13ReleaseRp => match state {
            Sta2 => A::Aa1SendAbort,
            Sta7 | Sta11 => A::Ar3ConfirmRelease,
            Sta10 => A::Ar10ConfirmRelease,
            Sta3 | Sta5 | Sta6 | Sta8 | Sta9 | Sta12 => A::Aa8SendAbort,
            Sta13 => A::Aa6Ignore,
            Sta1 | Sta4 => return None,
        },
        E::Evt14ReleaseResponse => match state {
            Sta8 | Sta12 => A::Ar4SendReleaseRp,
            Sta9 => A::Ar9SendReleaseRp,
            Sta1 | Sta2 | Sta3 | Sta4 | Sta5 | Sta6 | Sta7 | Sta10 | Sta11 | Sta13 => return None,
        },
        E::Evt15AbortRequest => match state {
            Sta4 => A::Aa2Close,
            Sta3 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa1SendAbort,
            Sta1 | Sta2 | Sta13 => return None,
        },
        E::Evt16Abort => match state {
            Sta2 | Sta13 => A::Aa2Close,
            Sta3 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa3IndicateAbort,
            Sta1 | Sta4 => return None,
        },
        E::Evt17TransportClosed => match state {
            Sta2 => A::Aa5StopArtim,
            Sta3 | Sta4 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa4IndicateLoss,
            Sta13 => A::Ar5StopArtim,
            Sta1 => return None,
        },
        E::Evt18ArtimExpired => match state {
            Sta2 | Sta13 => A::Aa2Close,
            Sta1 | Sta3 | Sta4 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => return None,
        },
        E::Evt19InvalidPdu => match state {
            Sta2 => A::Aa1SendAbort,
            Sta3 | Sta5 | Sta6 | Sta7 | Sta8 | Sta9 | Sta10 | Sta11 | Sta12 => A::Aa8SendAbort,
            Sta13 => A::Aa7SendAbort,
            Sta1 | Sta4 => return None,
        },
    })
}

#[cfg(test)]
mod tests;
