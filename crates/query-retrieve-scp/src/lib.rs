//! query-retrieve-scp
