//! What Isocenter says about itself in associations and files (PS3.7 D.3.3.2, PS3.10 7.1).

use upper_layer::negotiation::Identity;
use vocabulary::Uid;

/// The Implementation Version Name, one for all AEs (GEN-011): it ends with the digits of the release, and has
/// 16 characters at most.
pub(crate) const IMPLEMENTATION_VERSION_NAME: &str = concat!(
    "ISOCENTER_",
    env!("CARGO_PKG_VERSION_MAJOR"),
    env!("CARGO_PKG_VERSION_MINOR"),
    env!("CARGO_PKG_VERSION_PATCH")
);

/// The Implementation Class UID of QUERY-RETRIEVE-SCP and STORAGE-SCU (GEN-010).
pub(crate) fn query_retrieve_class_uid() -> Uid {
    below_root("1.1")
}

/// The Implementation Class UID of STORAGE-SCP: another one (GEN-010, SCP-010).
pub(crate) fn storage_scp_class_uid() -> Uid {
    below_root("1.2")
}

/// The identity of an AE that takes PDUs of `max_pdu_length` bytes at most.
pub(crate) fn identity(implementation_class_uid: Uid, max_pdu_length: u32) -> Identity {
    Identity {
        max_pdu_length,
        implementation_class_uid,
        implementation_version_name: IMPLEMENTATION_VERSION_NAME.to_owned(),
    }
}

fn below_root(suffix: &str) -> Uid {
    // The root is a UID and so is whatever digits and a dot make of it; a test shows both of them.
    Uid::parse(&format!("{}.{suffix}", Uid::ROOT)).unwrap_or_else(|_| Uid::known(Uid::ROOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gen_010_storage_scp_has_a_class_uid_of_its_own_and_gen_012_all_lie_under_one_root() {
        let (one, other) = (query_retrieve_class_uid(), storage_scp_class_uid());
        assert_ne!(one, other);
        for uid in [one, other] {
            assert!(uid.as_str().starts_with(&format!("{}.1.", Uid::ROOT)), "{uid}");
        }
    }

    #[test]
    fn gen_011_the_version_name_ends_with_the_digits_of_the_release_and_fits() {
        let digits: String = env!("CARGO_PKG_VERSION").chars().filter(char::is_ascii_digit).collect();
        assert!(IMPLEMENTATION_VERSION_NAME.ends_with(&digits));
        assert!(IMPLEMENTATION_VERSION_NAME.len() <= 16);
    }
}
