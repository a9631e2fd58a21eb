//! storage-scu
