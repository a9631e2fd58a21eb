//! Landlock: which files a process may open, and which ports it may use.

use std::fs;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, Scope,
};

use crate::enclose::is_in_force;
use crate::{Lacking, Role, SandboxError};

/// The newest interface of Landlock whose rights are asked for; what the kernel does not know of them is left out.
const NEWEST: ABI = ABI::V10;

/// Read by associations outside the data directory: SQLite seeds its random numbers from it.
const RANDOM: &str = "/dev/urandom";

/// Read where names of peers are looked up: what says how, and the libraries that do it.
const NAMES: &[&str] = &["/etc", "/run", "/usr", "/lib", "/lib64", "/nix/store"];

/// Whether there is a Landlock that we can use.
pub(crate) fn is_there() -> bool {
    handling(Role::Association).and_then(Ruleset::create).is_ok()
}

/// A ruleset that closes off everything that `role` has no right of its own to.
fn handling(role: Role) -> Result<Ruleset, landlock::RulesetError> {
    let ruleset = Ruleset::default()
        // Landlock without this right forbids every rename from one directory to another, and with it to keep.
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?;
    match role {
        Role::Association | Role::Housekeeper => ruleset.handle_access(AccessNet::from_all(NEWEST)),
        // The ports that peers listen on are theirs to choose, and so is that of a name server.
        Role::Outward => ruleset.handle_access(AccessNet::BindTcp),
    }
}

/// Closes off the files that `role` does not need.
pub(crate) fn confine(role: Role, data: &Path) -> Result<(), SandboxError> {
    let Ok(mut rules) = handling(role).and_then(Ruleset::create) else {
        return Err(SandboxError::Lacking(Lacking::Landlock));
    };
    let everything = AccessFs::from_all(NEWEST) & !BitFlags::from(AccessFs::Execute);
    for directory in directories(data) {
        rules = allow(rules, &directory, everything)?;
    }
    rules = allow_if_there(rules, Path::new(RANDOM), AccessFs::ReadFile.into())?;
    if role == Role::Outward {
        let read = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::ResolveUnix;
        for directory in NAMES {
            rules = allow_if_there(rules, Path::new(directory), read)?;
        }
    }
    let status = rules.restrict_self()?;
    if is_in_force(&status) { Ok(()) } else { Err(SandboxError::Lacking(Lacking::Landlock)) }
}

/// The data directory, and what of it a symbolic link puts elsewhere: a vault on a disk of its own.
fn directories(data: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(data).into_iter().flatten().flatten();
    let linked = entries.map(|entry| entry.path()).filter(|path| path.is_symlink() && path.is_dir());
    std::iter::once(data.to_owned()).chain(linked).collect()
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, SandboxError> {
    let opened = PathFd::new(path).map_err(|error| SandboxError::Path {
        path: path.to_owned(),
        source: std::io::Error::other(error),
    })?;
    Ok(rules.add_rule(PathBeneath::new(opened, access))?)
}

fn allow_if_there(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, SandboxError> {
    if path.exists() { allow(rules, path, access) } else { Ok(rules) }
}
