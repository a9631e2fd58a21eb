//! Wild cards: `*` is any run of characters, also none, `?` is any one (PS3.4 C.2.2.2.4).

/// A text that may hold wild cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wild {
    text: Box<str>,
    has_wild_cards: bool,
}

impl Wild {
    /// A text in which `*` and `?` are wild cards.
    pub(crate) fn new(text: &str) -> Self {
        Self { has_wild_cards: text.contains(['*', '?']), text: text.into() }
    }

    /// A text in which they are characters like others.
    pub(crate) fn literal(text: &str) -> Self {
        Self { has_wild_cards: false, text: text.into() }
    }

    /// The text itself, if there is no wild card in it.
    pub(crate) fn as_literal(&self) -> Option<&str> {
        (!self.has_wild_cards).then_some(&self.text)
    }

    /// What every match begins with.
    pub(crate) fn prefix(&self) -> &str {
        if self.has_wild_cards { self.text.split(['*', '?']).next().unwrap_or("") } else { &self.text }
    }

    /// The runs of characters that every match holds.
    pub(crate) fn literal_runs(&self) -> impl Iterator<Item = &str> {
        let parts = if self.has_wild_cards { &['*', '?'][..] } else { &[] };
        self.text.split(parts).filter(|run| !run.is_empty())
    }

    /// Whether the text is one that is meant.
    pub(crate) fn matches(&self, text: &str) -> bool {
        if self.has_wild_cards { matches(&self.text, text) } else { &*self.text == text }
    }

    /// Whether a folded component group of a name is one that is meant, its missing components taken as empty ones if
    /// that helps: `doe^*` means `doe` too.
    pub(crate) fn matches_name(&self, group: &str) -> bool {
        if self.matches(group) {
            return true;
        }
        let missing = 4_usize.saturating_sub(group.matches('^').count());
        self.has_wild_cards && self.text.contains('^') && {
            let mut padded = String::with_capacity(group.len() + missing);
            padded.push_str(group);
            (0..missing).any(|_| {
                padded.push('^');
                matches(&self.text, &padded)
            })
        }
    }
}

/// One star is gone back to at most, so the work is bounded by the product of the lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What follows the last star, and the text it is tried against.
    let mut retry: Option<(std::str::Chars<'_>, std::str::Chars<'_>)> = None;
    loop {
        match pattern.next() {
            Some('*') => {
                retry = Some((pattern.clone(), text.clone()));
                continue;
            }
            Some(wanted) => {
                if text.next().is_some_and(|c| wanted == '?' || wanted == c) {
                    continue;
                }
            }
            None => {
                if text.clone().next().is_none() {
                    return true;
                }
            }
        }
        let Some((after_star, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        pattern = after_star.clone();
        text = from.clone();
    }
}
