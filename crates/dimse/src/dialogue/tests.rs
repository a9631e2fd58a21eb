//! The dialogue over a scripted transport: what a peer sends is bytes, what it is sent is read back from bytes.

mod cancelling;
mod invoking;
mod peer;
mod performing;
