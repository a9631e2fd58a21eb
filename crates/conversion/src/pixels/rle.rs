//! RLE (PS3.5 annex G).

const HEADER_BYTES: usize = 64;
const SEGMENTS_MAX: usize = 15;

/// Decodes a frame into samples side by side, little endian. `samples` and `sample_bytes` are what a pixel has.
pub(super) fn decode(
    frame: &[u8],
    pixels: usize,
    samples: usize,
    sample_bytes: usize,
) -> Result<Vec<u8>, &'static str> {
    let header = frame.get(..HEADER_BYTES).ok_or("the RLE header is not whole")?;
    let words: Vec<usize> = header
        .chunks_exact(4)
        .filter_map(|word| word.first_chunk().copied())
        .map(|word| u32::from_le_bytes(word) as usize)
        .collect();
    let (Some(count), Some(starts)) = (words.first(), words.get(1..)) else {
        return Err("the RLE header is not whole");
    };
    if *count != samples * sample_bytes || *count > SEGMENTS_MAX {
        return Err("there are not as many RLE segments as a pixel has bytes");
    }
    // Two bytes make 128 at most: what claims more is not decoded at all.
    if pixels > frame.len().saturating_mul(64) {
        return Err("the frame is larger than its RLE segments can make it");
    }
    let mut decoded = vec![0; pixels * count];
    for segment in 0..*count {
        let start = starts.get(segment).copied().unwrap_or(usize::MAX);
        let end =
            if segment + 1 == *count { frame.len() } else { starts.get(segment + 1).copied().unwrap_or(0) };
        let bytes = frame.get(start..end).ok_or("an RLE segment lies outside of its frame")?;
        // The most significant byte of a sample comes first.
        let (sample, byte) = (segment / sample_bytes, segment % sample_bytes);
        let first = sample * sample_bytes + (sample_bytes - 1 - byte);
        let places = decoded.iter_mut().skip(first).step_by(*count);
        unpack(bytes, places)?;
    }
    Ok(decoded)
}

/// Unpacks one segment.
fn unpack<'p>(
    mut bytes: &[u8],
    mut places: impl ExactSizeIterator<Item = &'p mut u8>,
) -> Result<(), &'static str> {
    while places.len() > 0 {
        let Some((control, rest)) = bytes.split_first() else { return Err("an RLE segment is too short") };
        match *control as i8 {
            -128 => bytes = rest,
            count @ 0.. => {
                let (literal, rest) =
                    rest.split_at_checked(count as usize + 1).ok_or("an RLE segment is too short")?;
                // In this order, or a place would be passed by.
                for (byte, place) in literal.iter().zip(places.by_ref()) {
                    *place = *byte;
                }
                bytes = rest;
            }
            count => {
                let (byte, rest) = rest.split_first().ok_or("an RLE segment is too short")?;
                for place in places.by_ref().take(usize::from(count.unsigned_abs()) + 1) {
                    *place = *byte;
                }
                bytes = rest;
            }
        }
    }
    Ok(())
}
