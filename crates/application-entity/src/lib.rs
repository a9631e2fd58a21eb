//! application-entity
