use std::fmt;

/// A value representation (PS3.5 6.2): the two letters, kept even where the standard does not define them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vr(pub [u8; 2]);

macro_rules! representations {
    ($($name:ident)*) => {
        impl Vr {
            $(#[doc = concat!("The value representation ", stringify!($name), ".")]
            pub const $name: Self = Self([stringify!($name).as_bytes()[0], stringify!($name).as_bytes()[1]]);)*

            /// Every value representation of PS3.5 6.2.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

representations! { AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV }

impl Vr {
    /// Whether PS3.5 defines these letters.
    pub fn is_defined(self) -> bool {
        Self::ALL.contains(&self)
    }

    /// Whether an element of this VR has a four-byte length after two reserved bytes in explicit VR
    /// (PS3.5 7.1.2). VRs that the standard does not define are taken to have one, as PS3.5 6.2 says of
    /// those to come.
    pub fn has_long_length(self) -> bool {
        !matches!(
            &self.0,
            b"AE"
                | b"AS"
                | b"AT"
                | b"CS"
                | b"DA"
                | b"DS"
                | b"DT"
                | b"FD"
                | b"FL"
                | b"IS"
                | b"LO"
                | b"LT"
                | b"PN"
                | b"SH"
                | b"SL"
                | b"SS"
                | b"ST"
                | b"TM"
                | b"UI"
                | b"UL"
                | b"US"
        )
    }

    /// Whether a value is text in the Specific Character Set of its data set (PS3.5 6.1.2.3).
    pub fn uses_specific_character_set(self) -> bool {
        matches!(&self.0, b"LO" | b"LT" | b"PN" | b"SH" | b"ST" | b"UC" | b"UT")
    }

    /// Whether a value is text at all, with backslash between values and a pad to even length.
    pub fn is_text(self) -> bool {
        self.uses_specific_character_set()
            || matches!(
                &self.0,
                b"AE" | b"AS" | b"CS" | b"DA" | b"DS" | b"DT" | b"IS" | b"TM" | b"UI" | b"UR"
            )
    }

    /// The byte that pads a value to even length (PS3.5 6.2): NUL for UI and binary VRs, a space for text.
    pub fn padding(self) -> u8 {
        if self.is_text() && self != Self::UI { b' ' } else { 0 }
    }
}

impl fmt::Display for Vr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{}", char::from(byte).escape_default())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Vr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
