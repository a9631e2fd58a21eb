//! The values of the columns of one row: one text, and where each of them ends in it. An instance has some sixty of them,
//! which come and go with it, from process to process.

use serde::{Deserialize, Serialize};

/// Some texts in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Texts {
    joined: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Nothing yet, with room for so many texts of so many bytes together.
    pub(crate) fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { joined: String::with_capacity(bytes), ends: Vec::with_capacity(count) }
    }

    /// Adds one behind the others.
    pub(crate) fn push(&mut self, text: &str) {
        self.joined.push_str(text);
        self.ends.push(u32::try_from(self.joined.len()).unwrap_or(u32::MAX));
    }

    /// One of them; empty beyond the last, and where what came from another process makes no sense.
    pub(crate) fn get(&self, at: usize) -> &str {
        let end_of = |at: usize| self.ends.get(at).and_then(|end| usize::try_from(*end).ok());
        let start = at.checked_sub(1).map_or(Some(0), end_of);
        start.zip(end_of(at)).and_then(|(start, end)| self.joined.get(start..end)).unwrap_or_default()
    }

    /// Whether these are so many texts, each of which ends where the next begins: another process may say anything.
    pub(crate) fn are(&self, count: usize) -> bool {
        let together: usize = self.iter().map(str::len).sum();
        self.ends.len() == count && together == self.joined.len()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|at| self.get(at))
    }

    /// The same with another text in one place.
    pub(crate) fn replaced(&self, at: usize, text: &str) -> Self {
        self.iter().enumerate().map(|(place, own)| if place == at { text } else { own }).collect()
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut all = Self::default();
        texts.into_iter().for_each(|text| all.push(text.as_ref()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_had_back_and_there_are_none_beyond() {
        let given = ["", "Müller^Jürgen", "", "山田^太郎", ""];
        let texts: Texts = given.iter().collect();
        assert_eq!(texts.iter().collect::<Vec<_>>(), given);
        assert!(texts.are(5) && !texts.are(4));
        assert_eq!((texts.get(3), texts.get(5), texts.get(usize::MAX)), ("山田^太郎", "", ""));
        let replaced = texts.replaced(1, "x");
        assert_eq!(replaced.iter().collect::<Vec<_>>(), ["", "x", "", "山田^太郎", ""]);
    }

    #[test]
    fn what_another_process_says_wrongly_is_empty() {
        for ends in [vec![3], vec![9, 2], vec![1, 4], vec![u32::MAX, 0]] {
            let texts = Texts { joined: "äöü".to_owned(), ends };
            assert!(texts.iter().all(|text| text.is_empty()), "{texts:?}");
            assert!(!texts.are(texts.ends.len()));
        }
    }
}
