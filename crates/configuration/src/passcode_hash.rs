//! Hashes of passcodes as they stand in the file: PHC strings of Argon2id (RFC 9106), with bounds on what one check costs.

/// The most memory that a check may take, in KiB: 64 MiB, what RFC 9106 has as its smaller choice.
pub(crate) const MEMORY_KIB_MAX: u32 = 64 * 1024;

/// The least memory, in KiB. Argon2 itself wants 8 for each lane; less than this protects nothing.
const MEMORY_KIB_MIN: u32 = 1024;

/// The most passes over the memory.
pub(crate) const PASSES_MAX: u32 = 10;

/// The most lanes.
pub(crate) const LANES_MAX: u32 = 4;

/// Whether a text is such a string, and within the bounds.
pub(crate) fn is_passcode_hash(text: &str) -> bool {
    let mut parts = text.split('$');
    let mut next = || parts.next().unwrap_or_default();
    let head = [next(), next(), next()] == ["", "argon2id", "v=19"];
    let mut costs = next().split(',');
    let mut cost = |name: &str| {
        let digits = costs.next()?.strip_prefix(name)?.strip_prefix('=')?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u32>().ok()).flatten()
    };
    let within = cost("m").is_some_and(|memory| (MEMORY_KIB_MIN..=MEMORY_KIB_MAX).contains(&memory))
        && cost("t").is_some_and(|passes| (1..=PASSES_MAX).contains(&passes))
        && cost("p").is_some_and(|lanes| (1..=LANES_MAX).contains(&lanes))
        && costs.next().is_none();
    // Without padding: 16 bytes of salt, 32 of hash.
    let (salt, hash) = (next(), next());
    head && within && is_base64(salt, 22) && is_base64(hash, 43) && parts.next().is_none()
}

/// Base64 without padding of so many characters, the last of which has no bits to spare.
fn is_base64(text: &str, characters: usize) -> bool {
    let last_is_whole = match characters % 4 {
        2 => text.ends_with(['A', 'Q', 'g', 'w']),
        _ => text.ends_with(['A', 'E', 'I', 'M', 'Q', 'U', 'Y', 'c', 'g', 'k', 'o', 's', 'w', '0', '4', '8']),
    };
    text.len() == characters
        && last_is_whole
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn a_hash_is_taken_only_whole_and_within_the_bounds_of_what_it_costs() {
        assert!(is_passcode_hash(HASH));
        for (from, to) in [
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("m=19456", "m=65537"),
            ("m=19456", "m=8"),
            ("m=19456", "m=+1945"),
            ("t=2", "t=11"),
            ("t=2", "t=0"),
            ("p=1", "p=5"),
            ("p=1", "p=1,data=AA"),
            ("$AAECAwQFBgcICQoLDA0ODw$", "$AAECAwQFBgcICQoLDA0OD$"),
            ("$AAECAwQFBgcICQoLDA0ODw$", "$AAECAwQFBgcICQoLDA0OD=$"),
            ("$AAECAwQFBgcICQoLDA0ODw$", "$AAECAwQFBgcICQoLDA0ODx$"),
            ("HR4f", "HR4"),
            ("8", "8$"),
            ("$argon2id", "argon2id"),
        ] {
            let text = HASH.replace(from, to);
            assert!(text == HASH || !is_passcode_hash(&text), "{text}");
        }
        assert!(!is_passcode_hash(""));
        assert!(!is_passcode_hash(&HASH[..HASH.len() - 1]));
    }
}
