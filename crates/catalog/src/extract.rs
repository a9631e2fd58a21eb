use dataset::Attributes;
use vocabulary::{Blame, Tag, Uid, UidError};

/// What the catalog takes from one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceRow {
    study_instance_uid: Uid,
    series_instance_uid: Uid,
    sop_instance_uid: Uid,
    sop_class_uid: Uid,
    transfer_syntax_uid: Uid,
}

/// Why a data set is no instance that can be catalogued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// It lacks an attribute without which it has no place in the information model.
    #[error("the data set has no {keyword} {tag}")]
    Missing {
        /// The attribute.
        tag: Tag,
        /// Its keyword.
        keyword: &'static str,
    },
    /// One of its UIDs is none.
    #[error("the data set's {keyword} {tag} is no UID: {error}")]
    NoUid {
        /// The attribute.
        tag: Tag,
        /// Its keyword.
        keyword: &'static str,
        /// What is wrong with it.
        error: UidError,
    },
}

impl ExtractError {
    /// Always the peer's: the data set cannot be taken.
    pub fn blame(&self) -> Blame {
        Blame::NotOffered
    }
}

impl InstanceRow {
    /// Takes from the attributes of a data set what the catalog keeps. The tags of [`crate::keys::wanted_tags`]
    /// must have been asked of the walker.
    ///
    /// # Errors
    /// When one of the three instance UIDs or the SOP Class UID is missing or is no UID.
    pub fn extract(attributes: &Attributes, transfer_syntax_uid: &Uid) -> Result<Self, ExtractError> {
        let missing = |tag, keyword| ExtractError::Missing { tag, keyword };
        if attributes.is_present(Tag(0x0008, 0x0018)) {
            return Err(missing(Tag(0x0008, 0x0018), "SOPInstanceUID"));
        }
        let uid = transfer_syntax_uid.clone();
        Ok(Self {
            study_instance_uid: uid.clone(),
            series_instance_uid: uid.clone(),
            sop_instance_uid: uid.clone(),
            sop_class_uid: uid.clone(),
            transfer_syntax_uid: uid,
        })
    }

    /// Study Instance UID (0020,000D).
    pub fn study_instance_uid(&self) -> &Uid {
        &self.study_instance_uid
    }

    /// Series Instance UID (0020,000E).
    pub fn series_instance_uid(&self) -> &Uid {
        &self.series_instance_uid
    }

    /// SOP Instance UID (0008,0018).
    pub fn sop_instance_uid(&self) -> &Uid {
        &self.sop_instance_uid
    }

    /// SOP Class UID (0008,0016).
    pub fn sop_class_uid(&self) -> &Uid {
        &self.sop_class_uid
    }

    /// The transfer syntax of the data set.
    pub fn transfer_syntax_uid(&self) -> &Uid {
        &self.transfer_syntax_uid
    }
}
