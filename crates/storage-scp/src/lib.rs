//! storage-scp
