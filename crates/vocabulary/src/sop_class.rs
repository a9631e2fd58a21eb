//! SOP classes (PS3.6 annex A): which there are, what they are called, which service class they belong to.
//!
//! One table. Offers, presentation contexts, log lines and the conformance statement are made from it.

use crate::Uid;

/// The service class that a SOP class belongs to (PS3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceClass {
    /// PS3.4 annex A.
    Verification,
    /// PS3.4 annex B, the classes of B.5 and the retired ones of B.6.
    Storage,
    /// PS3.4 annex GG: instances that belong to no patient and no study.
    NonPatientObjectStorage,
    /// PS3.4 annex J.
    StorageCommitment,
    /// PS3.4 annex C.
    QueryRetrieve,
}

/// One SOP class of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SopClass {
    /// The UID, as PS3.6 gives it.
    pub uid: &'static str,
    /// The keyword of PS3.6.
    pub keyword: &'static str,
    /// The name that people read.
    pub name: &'static str,
    /// Its service class.
    pub service: ServiceClass,
    /// Whether its instances are images (carry pixel data to be displayed).
    pub image: bool,
    /// Whether the standard has retired it. Retired classes are still stored: old instances live long.
    pub retired: bool,
}

/// The Verification SOP class.
pub const VERIFICATION: &str = "1.2.840.10008.1.1";
/// The Storage Commitment Push Model SOP class.
pub const STORAGE_COMMITMENT_PUSH_MODEL: &str = "1.2.840.10008.1.20.1";
/// Its one SOP instance, which every request is about (PS3.4 J.3.5).
pub const STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE: &str = "1.2.840.10008.1.20.1.1";
/// Patient Root Query/Retrieve Information Model - FIND.
pub const PATIENT_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.1.1";
/// Patient Root Query/Retrieve Information Model - MOVE.
pub const PATIENT_ROOT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.1.2";
/// Patient Root Query/Retrieve Information Model - GET.
pub const PATIENT_ROOT_GET: &str = "1.2.840.10008.5.1.4.1.2.1.3";
/// Study Root Query/Retrieve Information Model - FIND.
pub const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
/// Study Root Query/Retrieve Information Model - MOVE.
pub const STUDY_ROOT_MOVE: &str = "1.2.840.10008.5.1.4.1.2.2.2";
/// Study Root Query/Retrieve Information Model - GET.
pub const STUDY_ROOT_GET: &str = "1.2.840.10008.5.1.4.1.2.2.3";
/// Patient/Study Only Query/Retrieve Information Model - FIND (retired, still asked for).
pub const PATIENT_STUDY_ONLY_FIND: &str = "1.2.840.10008.5.1.4.1.2.3.1";
/// Patient/Study Only Query/Retrieve Information Model - MOVE (retired, still asked for).
pub const PATIENT_STUDY_ONLY_MOVE: &str = "1.2.840.10008.5.1.4.1.2.3.2";
/// Patient/Study Only Query/Retrieve Information Model - GET (retired, still asked for).
pub const PATIENT_STUDY_ONLY_GET: &str = "1.2.840.10008.5.1.4.1.2.3.3";

/// The SOP class of a UID, if the table has it.
pub fn find(uid: &str) -> Option<&'static SopClass> {
    SOP_CLASSES.iter().find(|class| class.uid == uid)
}

/// The name of a SOP class for people, or the UID itself where the table does not know it.
pub fn name(uid: &Uid) -> &str {
    find(uid.as_str()).map_or(uid.as_str(), |class| class.name)
}

/// The roots of the classes that annex F takes compressed: ultrasound, single and multi-frame, current and
/// retired; Secondary Capture; visible light.
const ANNEX_F_COMPRESSED: &[&str] = &[
    "1.2.840.10008.5.1.4.1.1.3",
    "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.77.1",
    "1.2.840.10008.5.1.4.1.1.77.2",
];

/// Whether PS3.2 annex F has instances of the class compressed with loss (PC-002 to PC-005, PC-009, PC-016): its pixels
/// are colours or brightness to be looked at, not measurements.
pub fn is_compressed_in_annex_f(uid: &Uid) -> bool {
    ANNEX_F_COMPRESSED.iter().any(|root| {
        uid.as_str().strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

const fn class(
    uid: &'static str,
    keyword: &'static str,
    name: &'static str,
    service: ServiceClass,
) -> SopClass {
    SopClass { uid, keyword, name, service, image: false, retired: false }
}

const fn image(mut class: SopClass) -> SopClass {
    class.image = true;
    class
}

const fn retired(mut class: SopClass) -> SopClass {
    class.retired = true;
    class
}

/// Every SOP class that Isocenter knows, in the order of their UIDs.
#[rustfmt::skip]
pub static SOP_CLASSES: &[SopClass] = &[
    class(VERIFICATION, "Verification", "Verification", ServiceClass::Verification),
    class(STORAGE_COMMITMENT_PUSH_MODEL, "StorageCommitmentPushModel", "Storage Commitment Push Model", ServiceClass::StorageCommitment),
    class(PATIENT_ROOT_FIND, "PatientRootQueryRetrieveInformationModelFind", "Patient Root Query/Retrieve Information Model - FIND", ServiceClass::QueryRetrieve),
    class(PATIENT_ROOT_MOVE, "PatientRootQueryRetrieveInformationModelMove", "Patient Root Query/Retrieve Information Model - MOVE", ServiceClass::QueryRetrieve),
    class(PATIENT_ROOT_GET, "PatientRootQueryRetrieveInformationModelGet", "Patient Root Query/Retrieve Information Model - GET", ServiceClass::QueryRetrieve),
    class(STUDY_ROOT_FIND, "StudyRootQueryRetrieveInformationModelFind", "Study Root Query/Retrieve Information Model - FIND", ServiceClass::QueryRetrieve),
    class(STUDY_ROOT_MOVE, "StudyRootQueryRetrieveInformationModelMove", "Study Root Query/Retrieve Information Model - MOVE", ServiceClass::QueryRetrieve),
    class(STUDY_ROOT_GET, "StudyRootQueryRetrieveInformationModelGet", "Study Root Query/Retrieve Information Model - GET", ServiceClass::QueryRetrieve),
    retired(class(PATIENT_STUDY_ONLY_FIND, "PatientStudyOnlyQueryRetrieveInformationModelFind", "Patient/Study Only Query/Retrieve Information Model - FIND", ServiceClass::QueryRetrieve)),
    retired(class(PATIENT_STUDY_ONLY_MOVE, "PatientStudyOnlyQueryRetrieveInformationModelMove", "Patient/Study Only Query/Retrieve Information Model - MOVE", ServiceClass::QueryRetrieve)),
    retired(class(PATIENT_STUDY_ONLY_GET, "PatientStudyOnlyQueryRetrieveInformationModelGet", "Patient/Study Only Query/Retrieve Information Model - GET", ServiceClass::QueryRetrieve)),
    retired(class("1.2.840.10008.5.1.1.27", "StoredPrintStorage", "Stored Print Storage", ServiceClass::Storage)),
    retired(image(class("1.2.840.10008.5.1.1.29", "HardcopyGrayscaleImageStorage", "Hardcopy Grayscale Image Storage", ServiceClass::Storage))),
    retired(image(class("1.2.840.10008.5.1.1.30", "HardcopyColorImageStorage", "Hardcopy Color Image Storage", ServiceClass::Storage))),
    image(class("1.2.840.10008.5.1.4.1.1.1", "ComputedRadiographyImageStorage", "Computed Radiography Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.1.1", "DigitalXRayImageStorageForPresentation", "Digital X-Ray Image Storage - For Presentation", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.1.1.1", "DigitalXRayImageStorageForProcessing", "Digital X-Ray Image Storage - For Processing", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.1.2", "DigitalMammographyXRayImageStorageForPresentation", "Digital Mammography X-Ray Image Storage - For Presentation", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.1.2.1", "DigitalMammographyXRayImageStorageForProcessing", "Digital Mammography X-Ray Image Storage - For Processing", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.1.3", "DigitalIntraOralXRayImageStorageForPresentation", "Digital Intra-Oral X-Ray Image Storage - For Presentation", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.1.3.1", "DigitalIntraOralXRayImageStorageForProcessing", "Digital Intra-Oral X-Ray Image Storage - For Processing", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.2", "CTImageStorage", "CT Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.2.1", "EnhancedCTImageStorage", "Enhanced CT Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.2.2", "LegacyConvertedEnhancedCTImageStorage", "Legacy Converted Enhanced CT Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.2.3", "CTImageStorageForProcessing", "CT Image Storage - For Processing", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.2.4", "EnhancedCTImageStorageForProcessing", "Enhanced CT Image Storage - For Processing", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.2.5", "LegacyConvertedEnhancedCTImageStorageForProcessing", "Legacy Converted Enhanced CT Image Storage - For Processing", ServiceClass::Storage)),
    retired(image(class("1.2.840.10008.5.1.4.1.1.3", "UltrasoundMultiFrameImageStorageRetired", "Ultrasound Multi-frame Image Storage", ServiceClass::Storage))),
    image(class("1.2.840.10008.5.1.4.1.1.3.1", "UltrasoundMultiFrameImageStorage", "Ultrasound Multi-frame Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.4", "MRImageStorage", "MR Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.4.1", "EnhancedMRImageStorage", "Enhanced MR Image Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.4.2", "MRSpectroscopyStorage", "MR Spectroscopy Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.4.3", "EnhancedMRColorImageStorage", "Enhanced MR Color Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.4.4", "LegacyConvertedEnhancedMRImageStorage", "Legacy Converted Enhanced MR Image Storage", ServiceClass::Storage)),
    retired(image(class("1.2.840.10008.5.1.4.1.1.5", "NuclearMedicineImageStorageRetired", "Nuclear Medicine Image Storage", ServiceClass::Storage))),
    retired(image(class("1.2.840.10008.5.1.4.1.1.6", "UltrasoundImageStorageRetired", "Ultrasound Image Storage", ServiceClass::Storage))),
    image(class("1.2.840.10008.5.1.4.1.1.6.1", "UltrasoundImageStorage", "Ultrasound Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.6.2", "EnhancedUSVolumeStorage", "Enhanced US Volume Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.6.3", "PhotoacousticImageStorage", "Photoacoustic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.7", "SecondaryCaptureImageStorage", "Secondary Capture Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.7.1", "MultiFrameSingleBitSecondaryCaptureImageStorage", "Multi-frame Single Bit Secondary Capture Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.7.2", "MultiFrameGrayscaleByteSecondaryCaptureImageStorage", "Multi-frame Grayscale Byte Secondary Capture Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.7.3", "MultiFrameGrayscaleWordSecondaryCaptureImageStorage", "Multi-frame Grayscale Word Secondary Capture Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.7.4", "MultiFrameTrueColorSecondaryCaptureImageStorage", "Multi-frame True Color Secondary Capture Image Storage", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.8", "StandaloneOverlayStorage", "Standalone Overlay Storage", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.9", "StandaloneCurveStorage", "Standalone Curve Storage", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.9.1", "WaveformStorageTrial", "Waveform Storage - Trial", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.9.1.1", "TwelveLeadECGWaveformStorage", "12-lead ECG Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.1.2", "GeneralECGWaveformStorage", "General ECG Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.1.3", "AmbulatoryECGWaveformStorage", "Ambulatory ECG Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.1.4", "General32bitECGWaveformStorage", "General 32-bit ECG Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.2.1", "HemodynamicWaveformStorage", "Hemodynamic Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.3.1", "CardiacElectrophysiologyWaveformStorage", "Cardiac Electrophysiology Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.4.1", "BasicVoiceAudioWaveformStorage", "Basic Voice Audio Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.4.2", "GeneralAudioWaveformStorage", "General Audio Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.5.1", "ArterialPulseWaveformStorage", "Arterial Pulse Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.6.1", "RespiratoryWaveformStorage", "Respiratory Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.6.2", "MultichannelRespiratoryWaveformStorage", "Multi-channel Respiratory Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.7.1", "RoutineScalpElectroencephalogramWaveformStorage", "Routine Scalp Electroencephalogram Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.7.2", "ElectromyogramWaveformStorage", "Electromyogram Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.7.3", "ElectrooculogramWaveformStorage", "Electrooculogram Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.7.4", "SleepElectroencephalogramWaveformStorage", "Sleep Electroencephalogram Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.8.1", "BodyPositionWaveformStorage", "Body Position Waveform Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.100.1", "WaveformPresentationStateStorage", "Waveform Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.9.100.2", "WaveformAcquisitionPresentationStateStorage", "Waveform Acquisition Presentation State Storage", ServiceClass::Storage),
    retired(class("1.2.840.10008.5.1.4.1.1.10", "StandaloneModalityLUTStorage", "Standalone Modality LUT Storage", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.11", "StandaloneVOILUTStorage", "Standalone VOI LUT Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.11.1", "GrayscaleSoftcopyPresentationStateStorage", "Grayscale Softcopy Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.2", "ColorSoftcopyPresentationStateStorage", "Color Softcopy Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.3", "PseudoColorSoftcopyPresentationStateStorage", "Pseudo-Color Softcopy Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.4", "BlendingSoftcopyPresentationStateStorage", "Blending Softcopy Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.5", "XAXRFGrayscaleSoftcopyPresentationStateStorage", "XA/XRF Grayscale Softcopy Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.6", "GrayscalePlanarMPRVolumetricPresentationStateStorage", "Grayscale Planar MPR Volumetric Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.7", "CompositingPlanarMPRVolumetricPresentationStateStorage", "Compositing Planar MPR Volumetric Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.8", "AdvancedBlendingPresentationStateStorage", "Advanced Blending Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.9", "VolumeRenderingVolumetricPresentationStateStorage", "Volume Rendering Volumetric Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.10", "SegmentedVolumeRenderingVolumetricPresentationStateStorage", "Segmented Volume Rendering Volumetric Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.11", "MultipleVolumeRenderingVolumetricPresentationStateStorage", "Multiple Volume Rendering Volumetric Presentation State Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.11.12", "VariableModalityLUTSoftcopyPresentationStateStorage", "Variable Modality LUT Softcopy Presentation State Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.12.1", "XRayAngiographicImageStorage", "X-Ray Angiographic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.12.1.1", "EnhancedXAImageStorage", "Enhanced XA Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.12.2", "XRayRadiofluoroscopicImageStorage", "X-Ray Radiofluoroscopic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.12.2.1", "EnhancedXRFImageStorage", "Enhanced XRF Image Storage", ServiceClass::Storage)),
    retired(image(class("1.2.840.10008.5.1.4.1.1.12.3", "XRayAngiographicBiPlaneImageStorage", "X-Ray Angiographic Bi-Plane Image Storage", ServiceClass::Storage))),
    image(class("1.2.840.10008.5.1.4.1.1.13.1.1", "XRay3DAngiographicImageStorage", "X-Ray 3D Angiographic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.13.1.2", "XRay3DCraniofacialImageStorage", "X-Ray 3D Craniofacial Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.13.1.3", "BreastTomosynthesisImageStorage", "Breast Tomosynthesis Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.13.1.4", "BreastProjectionXRayImageStorageForPresentation", "Breast Projection X-Ray Image Storage - For Presentation", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.13.1.5", "BreastProjectionXRayImageStorageForProcessing", "Breast Projection X-Ray Image Storage - For Processing", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.14.1", "IntravascularOpticalCoherenceTomographyImageStorageForPresentation", "Intravascular Optical Coherence Tomography Image Storage - For Presentation", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.14.2", "IntravascularOpticalCoherenceTomographyImageStorageForProcessing", "Intravascular Optical Coherence Tomography Image Storage - For Processing", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.20", "NuclearMedicineImageStorage", "Nuclear Medicine Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.30", "ParametricMapStorage", "Parametric Map Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.66", "RawDataStorage", "Raw Data Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.66.1", "SpatialRegistrationStorage", "Spatial Registration Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.66.2", "SpatialFiducialsStorage", "Spatial Fiducials Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.66.3", "DeformableSpatialRegistrationStorage", "Deformable Spatial Registration Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.66.4", "SegmentationStorage", "Segmentation Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.66.5", "SurfaceSegmentationStorage", "Surface Segmentation Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.66.6", "TractographyResultsStorage", "Tractography Results Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.66.7", "LabelMapSegmentationStorage", "Label Map Segmentation Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.66.8", "HeightMapSegmentationStorage", "Height Map Segmentation Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.67", "RealWorldValueMappingStorage", "Real World Value Mapping Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.68.1", "SurfaceScanMeshStorage", "Surface Scan Mesh Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.68.2", "SurfaceScanPointCloudStorage", "Surface Scan Point Cloud Storage", ServiceClass::Storage),
    retired(image(class("1.2.840.10008.5.1.4.1.1.77.1", "VLImageStorageTrial", "VL Image Storage - Trial", ServiceClass::Storage))),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.1", "VLEndoscopicImageStorage", "VL Endoscopic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.1.1", "VideoEndoscopicImageStorage", "Video Endoscopic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.2", "VLMicroscopicImageStorage", "VL Microscopic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.2.1", "VideoMicroscopicImageStorage", "Video Microscopic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.3", "VLSlideCoordinatesMicroscopicImageStorage", "VL Slide-Coordinates Microscopic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.4", "VLPhotographicImageStorage", "VL Photographic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.4.1", "VideoPhotographicImageStorage", "Video Photographic Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.5.1", "OphthalmicPhotography8BitImageStorage", "Ophthalmic Photography 8 Bit Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.5.2", "OphthalmicPhotography16BitImageStorage", "Ophthalmic Photography 16 Bit Image Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.77.1.5.3", "StereometricRelationshipStorage", "Stereometric Relationship Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.5.4", "OphthalmicTomographyImageStorage", "Ophthalmic Tomography Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.5.5", "WideFieldOphthalmicPhotographyStereographicProjectionImageStorage", "Wide Field Ophthalmic Photography Stereographic Projection Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.5.6", "WideFieldOphthalmicPhotography3DCoordinatesImageStorage", "Wide Field Ophthalmic Photography 3D Coordinates Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.5.7", "OphthalmicOpticalCoherenceTomographyEnFaceImageStorage", "Ophthalmic Optical Coherence Tomography En Face Image Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.77.1.5.8", "OphthalmicOpticalCoherenceTomographyBscanVolumeAnalysisStorage", "Ophthalmic Optical Coherence Tomography B-scan Volume Analysis Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.6", "VLWholeSlideMicroscopyImageStorage", "VL Whole Slide Microscopy Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.7", "DermoscopicPhotographyImageStorage", "Dermoscopic Photography Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.8", "ConfocalMicroscopyImageStorage", "Confocal Microscopy Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.77.1.9", "ConfocalMicroscopyTiledPyramidalImageStorage", "Confocal Microscopy Tiled Pyramidal Image Storage", ServiceClass::Storage)),
    retired(image(class("1.2.840.10008.5.1.4.1.1.77.2", "VLMultiFrameImageStorageTrial", "VL Multi-frame Image Storage - Trial", ServiceClass::Storage))),
    class("1.2.840.10008.5.1.4.1.1.78.1", "LensometryMeasurementsStorage", "Lensometry Measurements Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.78.2", "AutorefractionMeasurementsStorage", "Autorefraction Measurements Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.78.3", "KeratometryMeasurementsStorage", "Keratometry Measurements Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.78.4", "SubjectiveRefractionMeasurementsStorage", "Subjective Refraction Measurements Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.78.5", "VisualAcuityMeasurementsStorage", "Visual Acuity Measurements Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.78.6", "SpectaclePrescriptionReportStorage", "Spectacle Prescription Report Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.78.7", "OphthalmicAxialMeasurementsStorage", "Ophthalmic Axial Measurements Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.78.8", "IntraocularLensCalculationsStorage", "Intraocular Lens Calculations Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.79.1", "MacularGridThicknessAndVolumeReportStorage", "Macular Grid Thickness and Volume Report Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.80.1", "OphthalmicVisualFieldStaticPerimetryMeasurementsStorage", "Ophthalmic Visual Field Static Perimetry Measurements Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.81.1", "OphthalmicThicknessMapStorage", "Ophthalmic Thickness Map Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.82.1", "CornealTopographyMapStorage", "Corneal Topography Map Storage", ServiceClass::Storage),
    retired(class("1.2.840.10008.5.1.4.1.1.88.1", "TextSRStorageTrial", "Text SR Storage - Trial", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.88.2", "AudioSRStorageTrial", "Audio SR Storage - Trial", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.88.3", "DetailSRStorageTrial", "Detail SR Storage - Trial", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.88.4", "ComprehensiveSRStorageTrial", "Comprehensive SR Storage - Trial", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.88.11", "BasicTextSRStorage", "Basic Text SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.22", "EnhancedSRStorage", "Enhanced SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.33", "ComprehensiveSRStorage", "Comprehensive SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.34", "Comprehensive3DSRStorage", "Comprehensive 3D SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.35", "ExtensibleSRStorage", "Extensible SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.40", "ProcedureLogStorage", "Procedure Log Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.50", "MammographyCADSRStorage", "Mammography CAD SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.59", "KeyObjectSelectionDocumentStorage", "Key Object Selection Document Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.65", "ChestCADSRStorage", "Chest CAD SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.67", "XRayRadiationDoseSRStorage", "X-Ray Radiation Dose SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.68", "RadiopharmaceuticalRadiationDoseSRStorage", "Radiopharmaceutical Radiation Dose SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.69", "ColonCADSRStorage", "Colon CAD SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.70", "ImplantationPlanSRStorage", "Implantation Plan SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.71", "AcquisitionContextSRStorage", "Acquisition Context SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.72", "SimplifiedAdultEchoSRStorage", "Simplified Adult Echo SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.73", "PatientRadiationDoseSRStorage", "Patient Radiation Dose SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.74", "PlannedImagingAgentAdministrationSRStorage", "Planned Imaging Agent Administration SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.75", "PerformedImagingAgentAdministrationSRStorage", "Performed Imaging Agent Administration SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.76", "EnhancedXRayRadiationDoseSRStorage", "Enhanced X-Ray Radiation Dose SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.88.77", "WaveformAnnotationSRStorage", "Waveform Annotation SR Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.90.1", "ContentAssessmentResultsStorage", "Content Assessment Results Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.91.1", "MicroscopyBulkSimpleAnnotationsStorage", "Microscopy Bulk Simple Annotations Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.104.1", "EncapsulatedPDFStorage", "Encapsulated PDF Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.104.2", "EncapsulatedCDAStorage", "Encapsulated CDA Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.104.3", "EncapsulatedSTLStorage", "Encapsulated STL Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.104.4", "EncapsulatedOBJStorage", "Encapsulated OBJ Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.104.5", "EncapsulatedMTLStorage", "Encapsulated MTL Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.128", "PositronEmissionTomographyImageStorage", "Positron Emission Tomography Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.128.1", "LegacyConvertedEnhancedPETImageStorage", "Legacy Converted Enhanced PET Image Storage", ServiceClass::Storage)),
    retired(class("1.2.840.10008.5.1.4.1.1.129", "StandalonePETCurveStorage", "Standalone PET Curve Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.130", "EnhancedPETImageStorage", "Enhanced PET Image Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.131", "BasicStructuredDisplayStorage", "Basic Structured Display Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.200.1", "CTDefinedProcedureProtocolStorage", "CT Defined Procedure Protocol Storage", ServiceClass::NonPatientObjectStorage),
    class("1.2.840.10008.5.1.4.1.1.200.2", "CTPerformedProcedureProtocolStorage", "CT Performed Procedure Protocol Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.200.3", "ProtocolApprovalStorage", "Protocol Approval Storage", ServiceClass::NonPatientObjectStorage),
    class("1.2.840.10008.5.1.4.1.1.200.7", "XADefinedProcedureProtocolStorage", "XA Defined Procedure Protocol Storage", ServiceClass::NonPatientObjectStorage),
    class("1.2.840.10008.5.1.4.1.1.200.8", "XAPerformedProcedureProtocolStorage", "XA Performed Procedure Protocol Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.201.1", "InventoryStorage", "Inventory Storage", ServiceClass::NonPatientObjectStorage),
    image(class("1.2.840.10008.5.1.4.1.1.481.1", "RTImageStorage", "RT Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.481.2", "RTDoseStorage", "RT Dose Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.481.3", "RTStructureSetStorage", "RT Structure Set Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.4", "RTBeamsTreatmentRecordStorage", "RT Beams Treatment Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.5", "RTPlanStorage", "RT Plan Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.6", "RTBrachyTreatmentRecordStorage", "RT Brachy Treatment Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.7", "RTTreatmentSummaryRecordStorage", "RT Treatment Summary Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.8", "RTIonPlanStorage", "RT Ion Plan Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.9", "RTIonBeamsTreatmentRecordStorage", "RT Ion Beams Treatment Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.10", "RTPhysicianIntentStorage", "RT Physician Intent Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.11", "RTSegmentAnnotationStorage", "RT Segment Annotation Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.12", "RTRadiationSetStorage", "RT Radiation Set Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.13", "CArmPhotonElectronRadiationStorage", "C-Arm Photon-Electron Radiation Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.14", "TomotherapeuticRadiationStorage", "Tomotherapeutic Radiation Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.15", "RoboticArmRadiationStorage", "Robotic-Arm Radiation Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.16", "RTRadiationRecordSetStorage", "RT Radiation Record Set Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.17", "RTRadiationSalvageRecordStorage", "RT Radiation Salvage Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.18", "TomotherapeuticRadiationRecordStorage", "Tomotherapeutic Radiation Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.19", "CArmPhotonElectronRadiationRecordStorage", "C-Arm Photon-Electron Radiation Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.20", "RoboticRadiationRecordStorage", "Robotic Radiation Record Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.21", "RTRadiationSetDeliveryInstructionStorage", "RT Radiation Set Delivery Instruction Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.481.22", "RTTreatmentPreparationStorage", "RT Treatment Preparation Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.481.23", "EnhancedRTImageStorage", "Enhanced RT Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.481.24", "EnhancedContinuousRTImageStorage", "Enhanced Continuous RT Image Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.481.25", "RTPatientPositionAcquisitionInstructionStorage", "RT Patient Position Acquisition Instruction Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.501.1", "DICOSCTImageStorage", "DICOS CT Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.501.2.1", "DICOSDigitalXRayImageStorageForPresentation", "DICOS Digital X-Ray Image Storage - For Presentation", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.501.2.2", "DICOSDigitalXRayImageStorageForProcessing", "DICOS Digital X-Ray Image Storage - For Processing", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.501.3", "DICOSThreatDetectionReportStorage", "DICOS Threat Detection Report Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.501.4", "DICOS2DAITStorage", "DICOS 2D AIT Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.501.5", "DICOS3DAITStorage", "DICOS 3D AIT Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.1.1.501.6", "DICOSQuadrupoleResonanceStorage", "DICOS Quadrupole Resonance (QR) Storage", ServiceClass::Storage),
    image(class("1.2.840.10008.5.1.4.1.1.601.1", "EddyCurrentImageStorage", "Eddy Current Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.601.2", "EddyCurrentMultiFrameImageStorage", "Eddy Current Multi-frame Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.601.3", "ThermographyImageStorage", "Thermography Image Storage", ServiceClass::Storage)),
    image(class("1.2.840.10008.5.1.4.1.1.601.4", "ThermographyMultiFrameImageStorage", "Thermography Multi-frame Image Storage", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.1.1.601.5", "UltrasoundWaveformStorage", "Ultrasound Waveform Storage", ServiceClass::Storage),
    retired(class("1.2.840.10008.5.1.4.34.1", "RTBeamsDeliveryInstructionStorageTrial", "RT Beams Delivery Instruction Storage - Trial", ServiceClass::Storage)),
    class("1.2.840.10008.5.1.4.34.7", "RTBeamsDeliveryInstructionStorage", "RT Beams Delivery Instruction Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.34.10", "RTBrachyApplicationSetupDeliveryInstructionStorage", "RT Brachy Application Setup Delivery Instruction Storage", ServiceClass::Storage),
    class("1.2.840.10008.5.1.4.38.1", "HangingProtocolStorage", "Hanging Protocol Storage", ServiceClass::NonPatientObjectStorage),
    class("1.2.840.10008.5.1.4.39.1", "ColorPaletteStorage", "Color Palette Storage", ServiceClass::NonPatientObjectStorage),
    class("1.2.840.10008.5.1.4.43.1", "GenericImplantTemplateStorage", "Generic Implant Template Storage", ServiceClass::NonPatientObjectStorage),
    class("1.2.840.10008.5.1.4.44.1", "ImplantAssemblyTemplateStorage", "Implant Assembly Template Storage", ServiceClass::NonPatientObjectStorage),
    class("1.2.840.10008.5.1.4.45.1", "ImplantTemplateGroupStorage", "Implant Template Group Storage", ServiceClass::NonPatientObjectStorage),
];
