//! What is sent: a few patients, studies and series, and instances of them in several shapes.

use dataset::DataSetWriter;
use vocabulary::{Encoding, Tag, Uid, Vr, transfer_syntax};

use crate::random::Random;

pub(crate) const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
pub(crate) const MR: &str = "1.2.840.10008.5.1.4.1.1.4";

/// One SOP Instance UID, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) sop_class: &'static str,
    pub(crate) uid: Uid,
    pub(crate) series: String,
    pub(crate) study: String,
    patient: u64,
    number: usize,
}

/// A data set of a subject: of the same number, it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) number: u64,
    pub(crate) explicit: bool,
    pixels: usize,
}

/// Everything that may be sent in a run.
#[derive(Debug, Clone)]
pub(crate) struct Universe {
    pub(crate) subjects: Vec<Subject>,
    shapes: Vec<Shape>,
    /// Whether instances have more bytes than are worth a step each.
    pub(crate) is_large: bool,
}

impl Universe {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let studies = random.between(1, 3);
        let subjects = random.between(1, 6);
        let several_classes = random.chance(30);
        let mut all = Vec::new();
        for number in 0..subjects {
            let study = random.below(studies);
            let series = random.below(2);
            all.push(Subject {
                sop_class: if several_classes && number % 2 == 1 { MR } else { CT },
                uid: uid(&format!("1.2.9.{number}")),
                series: format!("1.2.8.{study}.{series}"),
                study: format!("1.2.7.{study}"),
                patient: study % 2,
                number: usize::try_from(number).unwrap_or(0),
            });
            // The same UID in another series is another instance, however wrong that is.
            if random.chance(4)
                && let Some(twin) = all.last().cloned()
            {
                all.push(Subject { series: format!("{}.9", twin.series), ..twin });
            }
        }
        let is_large = random.chance(10);
        let shapes = (0..random.between(1, 3)).map(|number| Shape {
            number,
            explicit: !random.chance(20),
            pixels: if is_large { random.index(60_000) } else { random.index(500) },
        });
        Self { subjects: all, shapes: shapes.collect(), is_large }
    }

    pub(crate) fn choose(&self, random: &mut Random) -> Option<(Subject, Shape)> {
        Some((random.of(&self.subjects)?.clone(), *random.of(&self.shapes)?))
    }
}

impl Shape {
    pub(crate) fn encoding(self) -> Encoding {
        if self.explicit { Encoding::ExplicitLittleEndian } else { Encoding::ImplicitLittleEndian }
    }

    pub(crate) fn transfer_syntax(self) -> &'static str {
        match self.explicit {
            true => transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN,
            false => transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN,
        }
    }
}

impl Subject {
    pub(crate) fn data_set(&self, shape: Shape) -> Vec<u8> {
        let mut writer = DataSetWriter::new(shape.encoding());
        let mut text = |group, element, vr, value: &str| writer.text(Tag(group, element), vr, value);
        text(0x0008, 0x0016, Vr::UI, self.sop_class);
        text(0x0008, 0x0018, Vr::UI, self.uid.as_str());
        text(0x0008, 0x0020, Vr::DA, "20261123");
        text(0x0008, 0x0060, Vr::CS, "CT");
        text(0x0010, 0x0010, Vr::PN, if self.patient == 0 { "Doe^Jane" } else { "Roe^Richard" });
        text(0x0010, 0x0020, Vr::LO, &format!("P{}", self.patient));
        text(0x0020, 0x000D, Vr::UI, &self.study);
        text(0x0020, 0x000E, Vr::UI, &self.series);
        text(0x0020, 0x0013, Vr::IS, &self.number.to_string());
        let mut pixels = vec![0; (shape.pixels + 1) * 2];
        let mut random = Random::new(shape.number + 1);
        pixels.iter_mut().for_each(|pixel| *pixel = u8::try_from(random.below(256)).unwrap_or(0));
        writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &pixels);
        writer.into_bytes()
    }
}

/// A UID that is one.
pub(crate) fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap_or_else(|_| Uid::known("1.2"))
}
