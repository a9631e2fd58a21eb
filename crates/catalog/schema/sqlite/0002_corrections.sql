-- What was corrected and not undone, in the order in which it was. The journal beside the catalog is what lasts.
CREATE TABLE correction (
    id INTEGER PRIMARY KEY,
    -- 0 for patients, 1 for studies, 2 for series.
    level INTEGER NOT NULL,
    -- Patient ID or UID, as it was when it was corrected.
    key TEXT NOT NULL,
    -- Of a patient.
    issuer TEXT NOT NULL,
    -- Microseconds since 1970-01-01T00:00:00Z.
    made_at INTEGER NOT NULL,
    -- The attributes and their values, see src/overrides.rs.
    assigned BLOB NOT NULL
) STRICT;

CREATE INDEX correction_key ON correction (key);

-- What corrections made other than in the file of the instance, see src/overrides.rs; NULL where nothing is.
ALTER TABLE instance ADD COLUMN overrides BLOB;
