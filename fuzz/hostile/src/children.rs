//! What a child says to the supervisor, once a peer has taken it over.

use supervisor::message;

/// One message on the line of a child: one that is taken for one is read back as it was said.
pub fn child(bytes: &[u8]) {
    if let Some(repeated) = message::repeated(bytes) {
        assert_eq!(repeated, bytes);
    }
}
