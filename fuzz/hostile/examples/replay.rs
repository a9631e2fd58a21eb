//! Puts files through a target: `cargo run -p hostile --example replay -- TARGET FILE...`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a tool for those who look into a finding")]

fn main() {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().unwrap();
    let (_, body) = hostile::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    for file in arguments {
        body(&std::fs::read(file).unwrap());
    }
}
