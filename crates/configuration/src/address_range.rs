use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A range of IP addresses in CIDR form, `10.0.0.0/8` or `fd00::/8`; a bare address is a range of one. Checked here,
/// applied by who lets associations in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRange {
    first: IpAddr,
    prefix_bits: u8,
}

impl AddressRange {
    /// Takes a range. `None` when the text is none, or when bits are set behind the prefix (`10.0.0.1/8`), which
    /// nearly always is a slip.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().ok()?;
        let width = width(first);
        let prefix_bits = match bits {
            Some(bits) if !bits.is_empty() && bits.bytes().all(|b| b.is_ascii_digit()) => {
                bits.parse().ok()?
            }
            Some(_) => return None,
            None => width,
        };
        if prefix_bits > width || as_bits(first) & !mask(prefix_bits, width) != 0 {
            return None;
        }
        Some(Self { first, prefix_bits })
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn as_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The leading `bits` of a number of `width` bits.
fn mask(bits: u8, width: u8) -> u128 {
    let all = u128::MAX >> (128 - u32::from(width));
    let behind = all.checked_shr(u32::from(bits)).unwrap_or(0);
    all & !behind
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix_bits == width(self.first) {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}/{}", self.first, self.prefix_bits)
        }
    }
}

impl TryFrom<String> for AddressRange {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a range of addresses")
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::AddressRange;

    #[test]
    fn slips_are_refused() {
        for bad in
            ["", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0", "fd00::/129", "host"]
        {
            assert_eq!(AddressRange::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_range_is_printed_as_it_is_read() {
        for text in ["10.0.0.0/8", "192.168.1.7", "fd00::/8"] {
            assert_eq!(AddressRange::parse(text).unwrap().to_string(), text);
        }
    }
}
