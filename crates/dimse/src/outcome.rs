use vocabulary::{Status, Tag};

/// The longest Error Comment (0000,0902), in characters (PS3.7 E.1, VR LO).
const COMMENT_CHARACTERS_MAX: usize = 64;

/// What a response says of its request: the status, and what explains it (PS3.7 annex C).
///
/// A [`Status`] alone is an outcome too, so `request.respond(Status::SUCCESS)` reads as it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Status (0000,0900).
    pub status: Status,
    /// Error Comment (0000,0902): at most 64 printable characters of the default repertoire.
    pub error_comment: Option<Box<str>>,
    /// Offending Element (0000,0901).
    pub offending_elements: Vec<Tag>,
    /// Error ID (0000,0903), a number that only the implementation gives a meaning.
    pub error_id: Option<u16>,
}

impl Outcome {
    /// The status alone.
    pub const fn new(status: Status) -> Self {
        Self { status, error_comment: None, offending_elements: Vec::new(), error_id: None }
    }

    /// With a word for the people at the other end. What the VR cannot hold becomes a question mark; what is too
    /// long is cut.
    #[must_use]
    pub fn comment(mut self, text: &str) -> Self {
        self.error_comment = Some(comment(text));
        self
    }

    /// With the elements that are to blame.
    #[must_use]
    pub fn offending(mut self, tags: &[Tag]) -> Self {
        self.offending_elements = tags.to_vec();
        self
    }
}

/// The text as an Error Comment: of one that a peer sends, too, so that it cannot write lines into a log.
pub(crate) fn comment(text: &str) -> Box<str> {
    let printable = |c| if matches!(c, ' '..='~') && c != '\\' { c } else { '?' };
    text.chars().take(COMMENT_CHARACTERS_MAX).map(printable).collect::<String>().into()
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        Self::new(status)
    }
}
