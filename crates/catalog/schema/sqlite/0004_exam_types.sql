-- The entry of the exam-type list that a series matches; empty without (src/exam_types.rs).
ALTER TABLE series ADD COLUMN exam_type TEXT NOT NULL DEFAULT '';

CREATE INDEX series_exam_type ON series (exam_type) WHERE exam_type <> '';
