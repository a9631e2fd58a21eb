//! The fuzz targets: `cargo +nightly fuzz run TARGET`. What each does is in `hostile`.

use std::panic;

/// Lets a decoder that is not ours panic without ending the run: conversion catches that and says that the frame cannot
/// be decoded. A panic anywhere else is a finding as ever.
pub fn let_decoders_panic() {
    let ends_the_run = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let is_foreign = info.location().is_some_and(|location| {
            ["jpeg-decoder", "jpeg-encoder", "hayro-jpeg2000"].iter().any(|name| location.file().contains(name))
        });
        if !is_foreign {
            ends_the_run(info);
        }
    }));
}
