//! What was changed about an instance when it arrived: what the catalog and exports say instead of its data set.

use dataset::{DataSetWriter, vr_of};
use serde::{Deserialize, Serialize};
use vocabulary::{Encoding, Tag};

use crate::further::Further;

/// One attribute at depth 0 that is not what the data set says. The bytes that are held keep the value that came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which attribute.
    #[serde(with = "as_numbers")]
    pub tag: Tag,
    /// What queries match and return; empty for no value.
    pub catalogued: String,
    /// What the instance says when it is sent; empty for no value.
    pub exported: String,
}

impl Change {
    /// A value that queries and exports have alike.
    pub fn new(tag: Tag, value: impl Into<String>) -> Self {
        let value = value.into();
        Self { tag, exported: value.clone(), catalogued: value }
    }

    /// Some of them as bytes, to be kept: none if there are none.
    ///
    /// A length in four bytes, little endian, and a data set of so many with what is catalogued; then a data set with
    /// what is exported, where that differs. Both in explicit VR little endian, UTF-8.
    pub fn to_bytes(changes: &[Self]) -> Vec<u8> {
        if changes.is_empty() {
            return Vec::new();
        }
        let mut catalogued = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        let mut exported = DataSetWriter::new(Encoding::ExplicitLittleEndian);
        for change in changes {
            catalogued.text(change.tag, vr_of(change.tag), &change.catalogued);
            if change.exported != change.catalogued {
                exported.text(change.tag, vr_of(change.tag), &change.exported);
            }
        }
        let catalogued = catalogued.into_bytes();
        let mut bytes = u32::try_from(catalogued.len()).unwrap_or_default().to_le_bytes().to_vec();
        bytes.extend_from_slice(&catalogued);
        bytes.extend_from_slice(&exported.into_bytes());
        bytes
    }

    /// Reads what [`Change::to_bytes`] made; none where it did not.
    pub fn from_bytes(bytes: &[u8]) -> Vec<Self> {
        let parts = bytes.split_first_chunk().and_then(|(length, rest)| {
            rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
        });
        let Some((catalogued, exported)) = parts else { return Vec::new() };
        let text = |value: &[u8]| String::from_utf8_lossy(value).trim_end_matches(['\0', ' ']).to_owned();
        let mut changes: Vec<_> = Further(catalogued)
            .elements()
            .map(|element| Self::new(element.tag, text(element.value)))
            .collect();
        for element in Further(exported).elements() {
            if let Some(change) = changes.iter_mut().find(|change| change.tag == element.tag) {
                change.exported = text(element.value);
            }
        }
        changes
    }
}

/// A tag as its two numbers.
mod as_numbers {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use vocabulary::Tag;

    pub(super) fn serialize<S: Serializer>(tag: &Tag, serializer: S) -> Result<S::Ok, S::Error> {
        (tag.group(), tag.element()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tag, D::Error> {
        let (group, element) = <(u16, u16)>::deserialize(deserializer)?;
        Ok(Tag(group, element))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_of_changes_is_read_back() {
        let changes = [
            Change::new(Tag(0x0008, 0x0018), "1.2.3"),
            Change { tag: Tag(0x0008, 0x0060), catalogued: String::new(), exported: "ECHO".to_owned() },
            Change::new(Tag(0x0010, 0x0010), "Müller^Jürgen"),
            Change { tag: Tag(0x0010, 0x0040), catalogued: "U".to_owned(), exported: String::new() },
        ];
        assert_eq!(Change::from_bytes(&Change::to_bytes(&changes)), changes);
        assert_eq!(Change::to_bytes(&[]), b"");
        assert_eq!(Change::from_bytes(b""), []);
        for end in 0..Change::to_bytes(&changes).len() {
            let _cut = Change::from_bytes(&Change::to_bytes(&changes)[..end]);
        }
    }
}
