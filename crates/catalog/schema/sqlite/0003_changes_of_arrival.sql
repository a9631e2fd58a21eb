-- What was changed about an instance when it arrived, as src/changes.rs writes it; NULL for what stayed as it came.
ALTER TABLE instance ADD COLUMN changes BLOB;
