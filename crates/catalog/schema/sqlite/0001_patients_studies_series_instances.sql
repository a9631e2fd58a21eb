-- The four levels of PS3.4 C.6, each with the columns that src/keys/table.rs names, in the values of the files.
--
-- Numbers are kept in the rows of studies and series; a patient's are summed up from the few studies he has.
--
-- Entities are what the files say: a study belongs to the patient that its instances name, so one Study Instance UID
-- under two Patient IDs is two studies, and likewise for series. Nothing that was received is filed under
-- parents that it does not name.
--
-- `further` holds the attributes without a column: a data set in explicit VR little endian, UTF-8.
-- `folded_*`, `*_day`: values in the form in which they are compared (src/normal.rs).

CREATE TABLE patient (
    id INTEGER PRIMARY KEY,
    patient_id TEXT NOT NULL,
    issuer_of_patient_id TEXT NOT NULL,
    -- Empty where there is a Patient ID; otherwise name and birth date, so that strangers do not become one.
    without_id TEXT NOT NULL,
    patient_name TEXT NOT NULL,
    patient_birth_date TEXT NOT NULL,
    patient_sex TEXT NOT NULL,
    folded_alphabetic TEXT NOT NULL,
    folded_ideographic TEXT NOT NULL,
    folded_phonetic TEXT NOT NULL,
    birth_day INTEGER NOT NULL,
    further BLOB NOT NULL,
    -- What the values were made from last: equal to that of an arriving instance, there is nothing to compare.
    fingerprint INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX patient_identity ON patient (patient_id, issuer_of_patient_id, without_id);
CREATE INDEX patient_folded_alphabetic ON patient (folded_alphabetic);
CREATE INDEX patient_folded_ideographic ON patient (folded_ideographic) WHERE folded_ideographic <> '';
CREATE INDEX patient_folded_phonetic ON patient (folded_phonetic) WHERE folded_phonetic <> '';
CREATE INDEX patient_issuer_of_patient_id ON patient (issuer_of_patient_id) WHERE issuer_of_patient_id <> '';
CREATE INDEX patient_birth_day ON patient (birth_day);
-- Most rows are M or F: an index would find no fewer of them than there are rows.
CREATE INDEX patient_patient_sex ON patient (patient_sex) WHERE patient_sex NOT IN ('M', 'F', '');

-- A study has its own copy of the patient's attributes: under Study Root they are the study's (PS3.4 C.6.2.1.2),
-- and a query for studies reads one table.
CREATE TABLE study (
    id INTEGER PRIMARY KEY,
    patient INTEGER NOT NULL REFERENCES patient (id),
    study_instance_uid TEXT NOT NULL,
    study_date TEXT NOT NULL,
    study_time TEXT NOT NULL,
    accession_number TEXT NOT NULL,
    study_id TEXT NOT NULL,
    study_description TEXT NOT NULL,
    referring_physician_name TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    issuer_of_patient_id TEXT NOT NULL,
    patient_name TEXT NOT NULL,
    patient_birth_date TEXT NOT NULL,
    patient_sex TEXT NOT NULL,
    study_day INTEGER NOT NULL,
    birth_day INTEGER NOT NULL,
    folded_alphabetic TEXT NOT NULL,
    folded_ideographic TEXT NOT NULL,
    folded_phonetic TEXT NOT NULL,
    -- Distinct values in ascending order, backslashes between them.
    modalities_in_study TEXT NOT NULL,
    sop_classes_in_study TEXT NOT NULL,
    number_of_series INTEGER NOT NULL,
    number_of_instances INTEGER NOT NULL,
    -- Items of Anatomic Regions in Study Code Sequence, in the encoding of `further`; empty without.
    anatomic_regions BLOB NOT NULL,
    fingerprint INTEGER NOT NULL,
    further BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX study_study_instance_uid ON study (study_instance_uid, patient);
-- The modalities stand beside the day, so that those of a year are sifted without looking at the rows.
CREATE INDEX study_study_day ON study (study_day, modalities_in_study);
CREATE INDEX study_accession_number ON study (accession_number) WHERE accession_number <> '';
CREATE INDEX study_study_id ON study (study_id) WHERE study_id <> '';
CREATE INDEX study_study_description ON study (study_description) WHERE study_description <> '';
-- Both what is asked for and the way from a patient to his studies.
CREATE INDEX study_patient_id ON study (patient_id, patient);
CREATE INDEX study_issuer_of_patient_id ON study (issuer_of_patient_id) WHERE issuer_of_patient_id <> '';
CREATE INDEX study_birth_day ON study (birth_day);
CREATE INDEX study_patient_sex ON study (patient_sex) WHERE patient_sex NOT IN ('M', 'F', '');
CREATE INDEX study_folded_alphabetic ON study (folded_alphabetic);
CREATE INDEX study_folded_ideographic ON study (folded_ideographic) WHERE folded_ideographic <> '';
CREATE INDEX study_folded_phonetic ON study (folded_phonetic) WHERE folded_phonetic <> '';

-- Modalities in Study (M) and SOP Classes in Study (C), one row for each value: to find the few studies that have a rare one.
CREATE TABLE study_has (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    study INTEGER NOT NULL REFERENCES study (id),
    PRIMARY KEY (kind, value, study)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    study INTEGER NOT NULL REFERENCES study (id),
    series_instance_uid TEXT NOT NULL,
    modality TEXT NOT NULL,
    series_number TEXT NOT NULL,
    series_description TEXT NOT NULL,
    body_part_examined TEXT NOT NULL,
    series_date TEXT NOT NULL,
    performed_procedure_step_start_date TEXT NOT NULL,
    series_day INTEGER NOT NULL,
    performed_procedure_step_start_day INTEGER NOT NULL,
    number_of_instances INTEGER NOT NULL,
    fingerprint INTEGER NOT NULL,
    further BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX series_series_instance_uid ON series (series_instance_uid, study);
CREATE INDEX series_study ON series (study);
CREATE INDEX series_modality ON series (modality);
CREATE INDEX series_series_description ON series (series_description) WHERE series_description <> '';
CREATE INDEX series_body_part_examined ON series (body_part_examined) WHERE body_part_examined <> '';
CREATE INDEX series_series_day ON series (series_day);
CREATE INDEX series_performed_procedure_step_start_day ON series (performed_procedure_step_start_day)
    WHERE performed_procedure_step_start_day <> 0;

-- One row for each version of an instance.
CREATE TABLE instance (
    id INTEGER PRIMARY KEY,
    series INTEGER NOT NULL REFERENCES series (id),
    -- 64 bits of a hash of the UID: an index of them is a third of one of the UIDs (src/held.rs).
    sop_instance_key INTEGER NOT NULL,
    sop_instance_uid TEXT NOT NULL,
    sop_class_uid TEXT NOT NULL,
    instance_number TEXT NOT NULL,
    transfer_syntax_uid TEXT NOT NULL,
    -- 1 for the version that queries and retrieves see.
    current INTEGER NOT NULL,
    version INTEGER NOT NULL,
    -- YYYYMMDD
    day INTEGER NOT NULL,
    -- Microseconds since 1970-01-01T00:00:00Z.
    received_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    data_set_offset INTEGER NOT NULL,
    digest BLOB NOT NULL,
    source_ae_title TEXT,
    further BLOB NOT NULL
) STRICT;

CREATE INDEX instance_sop_instance_key ON instance (sop_instance_key);
CREATE INDEX instance_series ON instance (series) WHERE current = 1;
CREATE INDEX instance_day ON instance (day);

-- Trigrams of the texts, for what is looked for in the middle of a value.
CREATE VIRTUAL TABLE patient_text USING fts5 (
    patient_name, patient_id, other,
    content = '', contentless_delete = 1, detail = column, tokenize = 'trigram'
);
CREATE VIRTUAL TABLE study_text USING fts5 (
    patient_name, patient_id, accession_number, study_description, referring_physician_name, other,
    content = '', contentless_delete = 1, detail = column, tokenize = 'trigram'
);

-- What the holdings remember: whether the last stop was clean, how far a reconciliation came.
CREATE TABLE remembered (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
