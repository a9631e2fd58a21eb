//! Security.

use crate::document::{Section, text};

pub(crate) fn section() -> Section {
    Section::new("security", "Security").with([
        Section::new("", "Security Profiles").say(
            "No security profile of PS3.15 is supported: associations are not encrypted, user identities are not \
             answered, digital signatures are neither made nor checked. Run Isocenter in a network that only trusted \
             systems reach.",
        ),
        Section::new("", "Association Level Security").say(
            text("Each SCP may be limited to calling AE titles and to addresses, and may insist on its own title as the called \
                  one; what holds here is in the acceptance policies of section ")
                .see("contexts")
                .and(". An AE title is a claim, not a proof."),
        ),
        Section::new("", "Application Level Security").say(
            "The command line on the server's machine has the rights of the user who runs it. Data sets from the network \
             are read with bounded memory, each association in a process of its own unless threads are configured.",
        ),
    ])
}
