//! upper-layer
