//! Where Annex F disagrees with itself or with a normative part.

use super::Decision;

/// DIF-001 to DIF-025.
#[rustfmt::skip]
pub(super) const DECISIONS: &[Decision] = &[
    Decision::both("DIF-001", "the maximum of associations is listed twice", "one limit for each SCP, 10", "both lines say 10"),
    Decision::both("DIF-002", "Verification at QUERY-RETRIEVE-SCP", "accepted", "the context table lists it, and it is every peer's first test"),
    Decision::each("DIF-003", "Nuclear Medicine (Retired) and visible light", "every storage class, in every transfer syntax", "Nuclear Medicine (Retired) in Implicit VR Little Endian; visible light not unless added, then in JPEG Baseline too", "the context table counts, and a class without a UID cannot be accepted"),
    Decision::each("DIF-004", "a response after each attempt, and the end at the first failure", "every instance is tried, each has its response", "the response after the first failure is the final one", "the two sentences of the annex agree if read together; PS3.4 C.4.2 tries every sub-operation"),
    Decision::both("DIF-005", "a failure status of N-EVENT-REPORT, permanent or tried again", "tried again", "the parameter table counts attempts after an error status"),
    Decision::both("DIF-006", "what STORAGE-SCU tries again", "opening an association as often as is set, by default not at all; never a transfer that broke off", "a transfer that is repeated sends instances twice, and the requester can ask again"),
    Decision::both("DIF-007", "the list of what changes at export lacks patient and study values", "corrected values reach exports, unless a setting says otherwise", "a correction that stays here is none"),
    Decision::both("DIF-008", "the list of catalog attributes lacks keys of C-FIND", "the catalog holds every key that is offered, and the SOP class", "a query cannot be answered otherwise"),
    Decision::both("DIF-009", "the AE of storage commitment", "STORAGE-SCP", "the other name stands in one place only"),
    Decision::both("DIF-010", "images that come as the result of a retrieve of our own", "kept like any other", "there is no retrieve SCU: nothing comes that way"),
    Decision::each("DIF-011", "two maximum PDU sizes", "128 KiB for each AE", "16384 for each SCP, 128 KiB for STORAGE-SCU", "the more particular parameter counts; long PDUs cost less"),
    Decision::each("DIF-012", "signatures, and changes to what was signed", "a signed instance goes as it is held or not at all", "it is corrected and converted like any other, and loses its signatures", "PS3.15 A.3 lets nothing be changed; the annex lets nothing but its parameters decide"),
    Decision::each("DIF-013", "warnings of the destination", "final status B000", "final status 0000", "PS3.4 C.4.2.3.1 makes them a warning"),
    Decision::each("DIF-014", "some instances stored and some not", "final status B000", "final status A702", "PS3.4 C.4.2.3.1 keeps failures for when all failed"),
    Decision::each("DIF-015", "Study Time, a single value", "matched", "refused with C001", "a required key has single value matching (PS3.4 C.2.2.2.1)"),
    Decision::each("DIF-016", "wild cards in Series Number and Instance Number", "no wild cards there", "matched as text", "PS3.4 C.2.2.2.4 has none for IS"),
    Decision::each("DIF-017", "wild cards in Modality and Patient's Sex, ranges of Patient's Birth Date", "matched", "refused with C001", "PS3.4 C.2.2.2 has them for these VRs"),
    Decision::each("DIF-018", "attributes that nobody asked for", "level, Retrieve AE Title, Instance Availability and the unique keys above", "none", "PS3.4 C.4.1.1.3.2 asks for them"),
    Decision::each("DIF-019", "when FF01 is said", "also for keys that are returned but not matched", "for unknown keys only", "PS3.4 C.4.1.1.4 is the wider one"),
    Decision::both("DIF-020", "names of A900 and FE00", "those of the standard", "the codes agree, and names are for people"),
    Decision::each("DIF-021", "an N-ACTION that lacks an attribute or a value", "0115", "0120, 0121", "PS3.7 10.1.4.1.10 has no other for it"),
    Decision::each("DIF-022", "C-STORE responses 0107 and 0116, and other warnings", "0001, 0107, 0116 and every Bxxx are warnings", "0107, 0116, B000, B006 and B007 are warnings, any other code is a failure", "PS3.7 C.4 has them as warnings of any service"),
    Decision::both("DIF-023", "associations that STORAGE-SCP starts", "for notifications, and for the echo of service staff", "the table of contexts has both"),
    Decision::each("DIF-024", "who may share an AE title", "everybody", "STORAGE-SCP with nobody", "the stricter sentence of the annex; workstations expect one title of an archive"),
    Decision::both("DIF-025", "retrieving a whole patient", "offered", "the SOP class is claimed, and PS3.4 C.6.1 has the level"),
];
