use std::fmt;

use twox_hash::XxHash3_128;

/// The checksum of a data set: XXH3-128 of the bytes after the File Meta Information, as received.
///
/// It finds what a disk, a cable or a memory bit did to the bytes. It is no proof against someone who makes two data
/// sets with one checksum on purpose: where equality decides what is kept, the bytes are compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; Digest::BYTES]);

impl Digest {
    /// The length of a digest, in bytes.
    pub const BYTES: usize = 16;

    /// Takes a digest that [`Digest::as_bytes`] gave.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The digest as it is kept: most significant byte first, the canonical form of XXH3.
    pub const fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl fmt::Display for Digest {
    /// As hexadecimal digits, as `xxh128sum` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes a [`Digest`] from the pieces of a data set.
#[derive(Clone, Default)]
pub struct Digester(XxHash3_128);

impl Digester {
    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    /// The digest of all the pieces so far.
    pub fn finish(&self) -> Digest {
        Digest(self.0.finish_128().to_be_bytes())
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Digester").field(&self.finish()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(pieces: &[&[u8]]) -> Digest {
        let mut digester = Digester::default();
        pieces.iter().for_each(|piece| digester.update(piece));
        digester.finish()
    }

    #[test]
    fn the_digest_is_that_of_xxh128sum() {
        // printf '' | xxh128sum, printf 'abc' | xxh128sum
        assert_eq!(digest(&[]).to_string(), "99aa06d3014798d86001c324468d497f");
        assert_eq!(digest(&[b"abc"]).to_string(), "06b05ab6733a618578af5f94892f3950");
    }

    #[test]
    fn the_pieces_do_not_matter() {
        let bytes: Vec<u8> = (0..100_000_u32).map(|i| (i % 251) as u8).collect();
        let whole = digest(&[&bytes]);
        for size in [1, 7, 256, 16_372] {
            let mut digester = Digester::default();
            bytes.chunks(size).for_each(|piece| digester.update(piece));
            assert_eq!(digester.finish(), whole, "pieces of {size}");
        }
    }
}
