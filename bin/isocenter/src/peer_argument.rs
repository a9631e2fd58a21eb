//! The PEER of `echo`, `find` and `send`.

use application_entity::Peer;
use configuration::Configuration;
use vocabulary::AeTitle;

use crate::cli::ToPeer;
use crate::commands::Failure;
use crate::{access, secure};

/// The peer that the argument names: `TITLE@HOST:PORT`, or the title of one in the configuration.
/// What calling it over TLS takes is read as well, if it is called so.
pub(crate) fn peer(to: &ToPeer, configuration: &mut Configuration) -> Result<Peer, Failure> {
    let mut peer = named(&to.peer, configuration)?;
    peer.tls |= to.tls;
    if peer.tls {
        secure::read(configuration)?;
    }
    Ok(peer)
}

fn named(argument: &str, configuration: &Configuration) -> Result<Peer, Failure> {
    let title = |text: &str| AeTitle::parse(text).map_err(|error| Failure(format!("{text:?}: {error}")));
    let Some((ae_title, address)) = argument.split_once('@') else {
        let wanted = title(argument)?;
        let peer = access::peers(configuration)?.find(&wanted).cloned().ok_or_else(|| {
            Failure(format!(
                "no [[peer]] of the configuration has the AE title {wanted}; add one, or give TITLE@HOST:PORT"
            ))
        })?;
        let user = configuration.peer(wanted.as_str()).map(access::we_are).transpose()?.flatten();
        return Ok(Peer { user, ..peer });
    };
    let parts = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.ok_or_else(|| Failure(format!("{argument:?} is not TITLE@HOST:PORT")))?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Peer::at(title(ae_title)?, host, port))
}

#[cfg(test)]
mod tests {
    use configuration::{Sources, effective};

    use super::*;

    #[test]
    fn a_peer_is_named_by_its_address_or_by_the_configuration() {
        let configuration = effective(&Sources::default()).unwrap().configuration;
        let peer = named("VIEWER1@10.0.0.9:104", &configuration).unwrap();
        assert_eq!((peer.ae_title.as_str(), peer.host.as_str(), peer.port), ("VIEWER1", "10.0.0.9", 104));
        assert_eq!(named("V@[::1]:11112", &configuration).unwrap().host, "::1");
        for wrong in ["VIEWER1", "V@host", "V@host:99999", "@host:104", "TOO-LONG-A-TITLE-X@h:1"] {
            assert!(named(wrong, &configuration).is_err(), "{wrong}");
        }
    }
}
