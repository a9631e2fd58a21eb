//! Timers: what is waited for, how long, and what happens then.

use std::time::Duration;

use storage_scu::Export;
use upper_layer::Timers;

use crate::document::{Section, Text, literal};
use crate::facts::{Exporter, Facts};

/// A time in words: `30 s`, `15 min`.
pub(crate) fn words_of(time: Duration) -> String {
    let milliseconds = time.as_millis();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)] {
        if milliseconds >= length && milliseconds.is_multiple_of(length) {
            return format!("{} {unit}", milliseconds / length);
        }
    }
    format!("{milliseconds} ms")
}

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let Timers { artim, associate_response, release, between_packets, write } = facts.network.timers;
    let Exporter { export, associations: _, response_timeout, wait_for_turn, warnings: _ } =
        &facts.storage_scu;
    let Export { initiation, layout: _, retries: _, retry_delay } = export;
    let idle = |acceptor: &crate::facts::Acceptor<'_>| acceptor.entity.idle;
    let rows = vec![
        row(
            "A TCP connection to a peer",
            "network.connect-timeout",
            initiation.connect,
            "The order fails, or is tried again where that is configured",
        ),
        row(
            "The association request on a new connection; the end of the connection after a rejection, a release or an abort (ARTIM)",
            "network.artim",
            artim,
            "The connection is closed",
        ),
        row(
            "The answer to our association request",
            "network.association-response-timeout",
            associate_response,
            "A-ABORT; as above",
        ),
        row("The answer to our release request", "network.release-timeout", release, "A-ABORT"),
        row(
            "The rest of a PDU or of a message that has begun",
            "network.between-packets-timeout",
            between_packets,
            "A-ABORT; what came of the message is dropped",
        ),
        row("The peer to take what is written", "network.write-timeout", write, "The connection is closed"),
        row(
            "The next request to STORAGE-SCP, or the release",
            "storage-scp.idle-timeout",
            idle(&facts.storage_scp),
            "A-ABORT",
        ),
        row(
            "The next request to QUERY-RETRIEVE-SCP, or the release",
            "query-retrieve-scp.idle-timeout",
            idle(&facts.query_retrieve_scp),
            "A-ABORT",
        ),
        row(
            "A C-STORE response",
            "storage-scu.response-timeout",
            *response_timeout,
            "A-ABORT; the instance and those behind it count as failed",
        ),
        row(
            "One of the associations of STORAGE-SCU",
            "storage-scu.wait-for-turn",
            *wait_for_turn,
            "The retrieve ends with A702",
        ),
        row(
            "Silence on the association of a commitment request, before its notification",
            "storage-scp.notification-quiet-time",
            facts.commitment.quiet,
            "The notification goes out",
        ),
        row(
            "An N-EVENT-REPORT response",
            "storage-scp.notification-response-timeout",
            facts.commitment.response_timeout,
            "A-ABORT; the notification counts as not delivered",
        ),
        row(
            "Another attempt to deliver a notification",
            "storage-scp.notification-retry-wait",
            facts.commitment.retry_wait,
            "It is made",
        ),
        row(
            "Another attempt to open an association",
            "storage-scu.open-retry-wait",
            *retry_delay,
            "It is made",
        ),
    ];
    Section::new("timers", "Timers").table(
        "Timers",
        &["What is waited for", "Setting", "In force", "Then"],
        rows,
    )
}

fn row(what: &str, key: &str, time: Duration, then: &str) -> Vec<Text> {
    vec![what.into(), literal(key), words_of(time).into(), format!("{then}.").into()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_the_longest_unit_that_they_are_whole_in() {
        let words = [0, 100, 1_000, 90_000, 60_000, 7_200_000].map(|ms| words_of(Duration::from_millis(ms)));
        assert_eq!(words, ["0 ms", "100 ms", "1 s", "90 s", "1 min", "2 h"]);
    }
}
