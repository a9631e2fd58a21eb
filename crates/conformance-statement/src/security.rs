//! Security.

use crate::access;
use crate::document::{Section, text};
use crate::facts::Facts;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    Section::new("security", "Security").with([
        Section::new("", "Security Profiles").say(
            "No security profile of PS3.15 is supported: associations are not encrypted, digital signatures are neither made nor checked. Run Isocenter in a network that only trusted \
             systems reach.",
        ),
        Section::new("", "Association Level Security").say(
            text("Each SCP may be limited to calling AE titles and to addresses, and may insist on its own title as the called \
                  one; what holds here is in the acceptance policies of section ")
                .see("contexts")
                .and(". What each remote AE may do, and from where it may call, is in section ")
                .see("remote")
                .and(". An AE title is a claim, not a proof."),
        ),
        Section::new("", "User Identity").list(access::user_identities(facts)),
        Section::new("", "Application Level Security").say(
            "The command line on the server's machine has the rights of the user who runs it. Data sets from the network \
             are read with bounded memory, each association in a process of its own unless threads are configured.",
        ),
    ])
}
