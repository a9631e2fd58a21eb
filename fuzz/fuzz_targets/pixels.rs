#![no_main]

libfuzzer_sys::fuzz_target!(init: isocenter_fuzz::let_decoders_panic(), |bytes: &[u8]| hostile::pixels(bytes));
