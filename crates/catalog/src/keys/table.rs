//! The table itself: levels from the root down, tags ascending within a level.

use vocabulary::{Level, Tag, Vr};

use super::{Kept, Key, KeyType, Made};

/// A key that PS3.4 C.6 counts as unique.
const fn unique(tag: Tag, keyword: &'static str, vr: Vr, level: Level, column: &'static str) -> Key {
    Key { tag, keyword, vr, level, key_type: KeyType::Unique, multiple: false, kept: Kept::Column(column) }
}

/// A key that PS3.4 C.6 counts as required.
const fn required(tag: Tag, keyword: &'static str, vr: Vr, level: Level, column: &'static str) -> Key {
    Key { tag, keyword, vr, level, key_type: KeyType::Required, multiple: false, kept: Kept::Column(column) }
}

/// An optional key with a column.
const fn column(tag: Tag, keyword: &'static str, vr: Vr, level: Level, column: &'static str) -> Key {
    Key { tag, keyword, vr, level, key_type: KeyType::Optional, multiple: false, kept: Kept::Column(column) }
}

/// An optional key among the further attributes.
const fn further(tag: Tag, keyword: &'static str, vr: Vr, level: Level) -> Key {
    Key { tag, keyword, vr, level, key_type: KeyType::Optional, multiple: false, kept: Kept::Attributes }
}

/// An optional key among the further attributes that may have several values.
const fn several(tag: Tag, keyword: &'static str, vr: Vr, level: Level) -> Key {
    Key { tag, keyword, vr, level, key_type: KeyType::Optional, multiple: true, kept: Kept::Attributes }
}

/// An optional key whose value is made.
const fn made(tag: Tag, keyword: &'static str, vr: Vr, level: Level, made: Made) -> Key {
    let multiple = matches!(made, Made::ModalitiesInStudy | Made::SopClassesInStudy);
    Key { tag, keyword, vr, level, key_type: KeyType::Optional, multiple, kept: Kept::Made(made) }
}

pub(super) const PATIENT_ID: Key =
    unique(Tag(0x0010, 0x0020), "PatientID", Vr::LO, Level::Patient, "patient_id");
pub(super) const STUDY_INSTANCE_UID: Key =
    unique(Tag(0x0020, 0x000D), "StudyInstanceUID", Vr::UI, Level::Study, "study_instance_uid");
pub(super) const SERIES_INSTANCE_UID: Key =
    unique(Tag(0x0020, 0x000E), "SeriesInstanceUID", Vr::UI, Level::Series, "series_instance_uid");
pub(super) const SOP_INSTANCE_UID: Key =
    unique(Tag(0x0008, 0x0018), "SOPInstanceUID", Vr::UI, Level::Image, "sop_instance_uid");
pub(crate) const SOP_CLASS_UID: Key =
    column(Tag(0x0008, 0x0016), "SOPClassUID", Vr::UI, Level::Image, "sop_class_uid");

/// The exam type of a series: private, for those who know it (SIL-044).
pub(crate) const EXAM_TYPE: Key = column(Tag(0x0009, 0x1001), "ExamType", Vr::LO, Level::Series, "exam_type");

use Level::{Image, Patient, Series, Study};

/// Every key, see [`super`].
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    // PS3.4 table C.6-1.
    further(Tag(0x0008, 0x1120), "ReferencedPatientSequence", Vr::SQ, Patient),
    required(Tag(0x0010, 0x0010), "PatientName", Vr::PN, Patient, "patient_name"),
    PATIENT_ID,
    column(Tag(0x0010, 0x0021), "IssuerOfPatientID", Vr::LO, Patient, "issuer_of_patient_id"),
    further(Tag(0x0010, 0x0022), "TypeOfPatientID", Vr::CS, Patient),
    further(Tag(0x0010, 0x0024), "IssuerOfPatientIDQualifiersSequence", Vr::SQ, Patient),
    column(Tag(0x0010, 0x0030), "PatientBirthDate", Vr::DA, Patient, "patient_birth_date"),
    further(Tag(0x0010, 0x0032), "PatientBirthTime", Vr::TM, Patient),
    column(Tag(0x0010, 0x0040), "PatientSex", Vr::CS, Patient, "patient_sex"),
    several(Tag(0x0010, 0x1000), "OtherPatientIDs", Vr::LO, Patient),
    several(Tag(0x0010, 0x1001), "OtherPatientNames", Vr::PN, Patient),
    further(Tag(0x0010, 0x1002), "OtherPatientIDsSequence", Vr::SQ, Patient),
    further(Tag(0x0010, 0x1005), "PatientBirthName", Vr::PN, Patient),
    further(Tag(0x0010, 0x1060), "PatientMotherBirthName", Vr::PN, Patient),
    further(Tag(0x0010, 0x2160), "EthnicGroup", Vr::SH, Patient),
    further(Tag(0x0010, 0x2201), "PatientSpeciesDescription", Vr::LO, Patient),
    further(Tag(0x0010, 0x2203), "PatientSexNeutered", Vr::CS, Patient),
    further(Tag(0x0010, 0x2292), "PatientBreedDescription", Vr::LO, Patient),
    further(Tag(0x0010, 0x2297), "ResponsiblePerson", Vr::PN, Patient),
    further(Tag(0x0010, 0x4000), "PatientComments", Vr::LT, Patient),
    made(Tag(0x0020, 0x1200), "NumberOfPatientRelatedStudies", Vr::IS, Patient, Made::Number("(SELECT count(*) FROM study x WHERE x.patient_id = p.patient_id AND x.patient = p.id)")),
    made(Tag(0x0020, 0x1202), "NumberOfPatientRelatedSeries", Vr::IS, Patient, Made::Number("(SELECT sum(x.number_of_series) FROM study x WHERE x.patient_id = p.patient_id AND x.patient = p.id)")),
    made(Tag(0x0020, 0x1204), "NumberOfPatientRelatedInstances", Vr::IS, Patient, Made::Number("(SELECT sum(x.number_of_instances) FROM study x WHERE x.patient_id = p.patient_id AND x.patient = p.id)")),
    // PS3.4 table C.6-2.
    required(Tag(0x0008, 0x0020), "StudyDate", Vr::DA, Study, "study_date"),
    required(Tag(0x0008, 0x0030), "StudyTime", Vr::TM, Study, "study_time"),
    required(Tag(0x0008, 0x0050), "AccessionNumber", Vr::SH, Study, "accession_number"),
    further(Tag(0x0008, 0x0051), "IssuerOfAccessionNumberSequence", Vr::SQ, Study),
    made(Tag(0x0008, 0x0061), "ModalitiesInStudy", Vr::CS, Study, Made::ModalitiesInStudy),
    made(Tag(0x0008, 0x0062), "SOPClassesInStudy", Vr::UI, Study, Made::SopClassesInStudy),
    made(Tag(0x0008, 0x0063), "AnatomicRegionsInStudyCodeSequence", Vr::SQ, Study, Made::AnatomicRegionsInStudy),
    column(Tag(0x0008, 0x0090), "ReferringPhysicianName", Vr::PN, Study, "referring_physician_name"),
    further(Tag(0x0008, 0x0096), "ReferringPhysicianIdentificationSequence", Vr::SQ, Study),
    column(Tag(0x0008, 0x1030), "StudyDescription", Vr::LO, Study, "study_description"),
    further(Tag(0x0008, 0x1032), "ProcedureCodeSequence", Vr::SQ, Study),
    several(Tag(0x0008, 0x1048), "PhysiciansOfRecord", Vr::PN, Study),
    several(Tag(0x0008, 0x1060), "NameOfPhysiciansReadingStudy", Vr::PN, Study),
    several(Tag(0x0008, 0x1080), "AdmittingDiagnosesDescription", Vr::LO, Study),
    further(Tag(0x0008, 0x1084), "AdmittingDiagnosesCodeSequence", Vr::SQ, Study),
    further(Tag(0x0008, 0x1110), "ReferencedStudySequence", Vr::SQ, Study),
    further(Tag(0x0010, 0x1010), "PatientAge", Vr::AS, Study),
    further(Tag(0x0010, 0x1020), "PatientSize", Vr::DS, Study),
    further(Tag(0x0010, 0x1030), "PatientWeight", Vr::DS, Study),
    further(Tag(0x0010, 0x2180), "Occupation", Vr::SH, Study),
    further(Tag(0x0010, 0x21B0), "AdditionalPatientHistory", Vr::LT, Study),
    STUDY_INSTANCE_UID,
    required(Tag(0x0020, 0x0010), "StudyID", Vr::SH, Study, "study_id"),
    several(Tag(0x0020, 0x1070), "OtherStudyNumbers", Vr::IS, Study),
    made(Tag(0x0020, 0x1206), "NumberOfStudyRelatedSeries", Vr::IS, Study, Made::Number("number_of_series")),
    made(Tag(0x0020, 0x1208), "NumberOfStudyRelatedInstances", Vr::IS, Study, Made::Number("number_of_instances")),
    further(Tag(0x0032, 0x1032), "RequestingPhysician", Vr::PN, Study),
    further(Tag(0x0032, 0x1033), "RequestingService", Vr::LO, Study),
    further(Tag(0x0032, 0x1060), "RequestedProcedureDescription", Vr::LO, Study),
    further(Tag(0x0032, 0x4000), "StudyComments", Vr::LT, Study),
    further(Tag(0x0038, 0x0010), "AdmissionID", Vr::LO, Study),
    further(Tag(0x0040, 0x1012), "ReasonForPerformedProcedureCodeSequence", Vr::SQ, Study),
    // PS3.4 table C.6-3.
    column(Tag(0x0008, 0x0021), "SeriesDate", Vr::DA, Series, "series_date"),
    further(Tag(0x0008, 0x0031), "SeriesTime", Vr::TM, Series),
    required(Tag(0x0008, 0x0060), "Modality", Vr::CS, Series, "modality"),
    further(Tag(0x0008, 0x0070), "Manufacturer", Vr::LO, Series),
    further(Tag(0x0008, 0x0080), "InstitutionName", Vr::LO, Series),
    further(Tag(0x0008, 0x0081), "InstitutionAddress", Vr::ST, Series),
    further(Tag(0x0008, 0x1010), "StationName", Vr::SH, Series),
    column(Tag(0x0008, 0x103E), "SeriesDescription", Vr::LO, Series, "series_description"),
    further(Tag(0x0008, 0x103F), "SeriesDescriptionCodeSequence", Vr::SQ, Series),
    further(Tag(0x0008, 0x1040), "InstitutionalDepartmentName", Vr::LO, Series),
    several(Tag(0x0008, 0x1050), "PerformingPhysicianName", Vr::PN, Series),
    several(Tag(0x0008, 0x1070), "OperatorsName", Vr::PN, Series),
    further(Tag(0x0008, 0x1090), "ManufacturerModelName", Vr::LO, Series),
    further(Tag(0x0008, 0x1111), "ReferencedPerformedProcedureStepSequence", Vr::SQ, Series),
    column(Tag(0x0018, 0x0015), "BodyPartExamined", Vr::CS, Series, "body_part_examined"),
    further(Tag(0x0018, 0x1000), "DeviceSerialNumber", Vr::LO, Series),
    several(Tag(0x0018, 0x1020), "SoftwareVersions", Vr::LO, Series),
    further(Tag(0x0018, 0x1030), "ProtocolName", Vr::LO, Series),
    further(Tag(0x0018, 0x5100), "PatientPosition", Vr::CS, Series),
    SERIES_INSTANCE_UID,
    required(Tag(0x0020, 0x0011), "SeriesNumber", Vr::IS, Series, "series_number"),
    further(Tag(0x0020, 0x0052), "FrameOfReferenceUID", Vr::UI, Series),
    further(Tag(0x0020, 0x0060), "Laterality", Vr::CS, Series),
    made(Tag(0x0020, 0x1209), "NumberOfSeriesRelatedInstances", Vr::IS, Series, Made::Number("number_of_instances")),
    column(Tag(0x0040, 0x0244), "PerformedProcedureStepStartDate", Vr::DA, Series, "performed_procedure_step_start_date"),
    further(Tag(0x0040, 0x0245), "PerformedProcedureStepStartTime", Vr::TM, Series),
    further(Tag(0x0040, 0x0250), "PerformedProcedureStepEndDate", Vr::DA, Series),
    further(Tag(0x0040, 0x0251), "PerformedProcedureStepEndTime", Vr::TM, Series),
    further(Tag(0x0040, 0x0253), "PerformedProcedureStepID", Vr::SH, Series),
    further(Tag(0x0040, 0x0254), "PerformedProcedureStepDescription", Vr::LO, Series),
    further(Tag(0x0040, 0x0260), "PerformedProtocolCodeSequence", Vr::SQ, Series),
    further(Tag(0x0040, 0x0275), "RequestAttributesSequence", Vr::SQ, Series),
    further(Tag(0x0040, 0x0280), "CommentsOnThePerformedProcedureStep", Vr::ST, Series),
    // Of our own.
    EXAM_TYPE,
    // PS3.4 table C.6-4.
    several(Tag(0x0008, 0x0008), "ImageType", Vr::CS, Image),
    further(Tag(0x0008, 0x0012), "InstanceCreationDate", Vr::DA, Image),
    further(Tag(0x0008, 0x0013), "InstanceCreationTime", Vr::TM, Image),
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    several(Tag(0x0008, 0x001A), "RelatedGeneralSOPClassUID", Vr::UI, Image),
    further(Tag(0x0008, 0x0022), "AcquisitionDate", Vr::DA, Image),
    further(Tag(0x0008, 0x0023), "ContentDate", Vr::DA, Image),
    further(Tag(0x0008, 0x002A), "AcquisitionDateTime", Vr::DT, Image),
    further(Tag(0x0008, 0x0032), "AcquisitionTime", Vr::TM, Image),
    further(Tag(0x0008, 0x0033), "ContentTime", Vr::TM, Image),
    further(Tag(0x0008, 0x2111), "DerivationDescription", Vr::ST, Image),
    further(Tag(0x0008, 0x2218), "AnatomicRegionSequence", Vr::SQ, Image),
    further(Tag(0x0008, 0x3001), "AlternateRepresentationSequence", Vr::SQ, Image),
    made(Tag(0x0008, 0x3002), "AvailableTransferSyntaxUID", Vr::UI, Image, Made::TransferSyntax),
    further(Tag(0x0020, 0x0012), "AcquisitionNumber", Vr::IS, Image),
    required(Tag(0x0020, 0x0013), "InstanceNumber", Vr::IS, Image, "instance_number"),
    further(Tag(0x0020, 0x0062), "ImageLaterality", Vr::CS, Image),
    further(Tag(0x0020, 0x1041), "SliceLocation", Vr::DS, Image),
    further(Tag(0x0020, 0x4000), "ImageComments", Vr::LT, Image),
    further(Tag(0x0028, 0x0004), "PhotometricInterpretation", Vr::CS, Image),
    further(Tag(0x0028, 0x0008), "NumberOfFrames", Vr::IS, Image),
    further(Tag(0x0028, 0x0010), "Rows", Vr::US, Image),
    further(Tag(0x0028, 0x0011), "Columns", Vr::US, Image),
    further(Tag(0x0028, 0x0100), "BitsAllocated", Vr::US, Image),
    further(Tag(0x0028, 0x0101), "BitsStored", Vr::US, Image),
    further(Tag(0x0028, 0x2110), "LossyImageCompression", Vr::CS, Image),
    further(Tag(0x0040, 0x0512), "ContainerIdentifier", Vr::LO, Image),
    further(Tag(0x0040, 0x0560), "SpecimenDescriptionSequence", Vr::SQ, Image),
    further(Tag(0x0040, 0xA043), "ConceptNameCodeSequence", Vr::SQ, Image),
    further(Tag(0x0040, 0xA073), "VerifyingObserverSequence", Vr::SQ, Image),
    further(Tag(0x0040, 0xA491), "CompletionFlag", Vr::CS, Image),
    further(Tag(0x0040, 0xA493), "VerificationFlag", Vr::CS, Image),
    further(Tag(0x0040, 0xA504), "ContentTemplateSequence", Vr::SQ, Image),
    further(Tag(0x0042, 0x0010), "DocumentTitle", Vr::ST, Image),
    further(Tag(0x0070, 0x0080), "ContentLabel", Vr::CS, Image),
    further(Tag(0x0070, 0x0081), "ContentDescription", Vr::LO, Image),
    further(Tag(0x0070, 0x0082), "PresentationCreationDate", Vr::DA, Image),
    further(Tag(0x0070, 0x0083), "PresentationCreationTime", Vr::TM, Image),
    further(Tag(0x0070, 0x0084), "ContentCreatorName", Vr::PN, Image),
];
