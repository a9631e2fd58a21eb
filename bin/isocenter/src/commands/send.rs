//! `isocenter send`: files to a peer.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use catalog::InstanceRow;
use dataset::Walker;
use dataset::file_meta::find_data_set;
use dimse::Priority;
use storage_scu::{Next, Outgoing, Sending};
use vocabulary::{Status, Uid};

use crate::cli::Send;
use crate::commands::say::{remark, say};
use crate::commands::{Failure, configured, import, paths};
use crate::peer_argument::peer;
use crate::{exports, wiring};

/// A file that can be sent.
struct InstanceFile {
    path: PathBuf,
    data_set_offset: u64,
    sop_class_uid: Uid,
    sop_instance_uid: Uid,
    transfer_syntax_uid: Uid,
}

impl Outgoing for InstanceFile {
    fn sop_class_uid(&self) -> &Uid {
        &self.sop_class_uid
    }

    fn sop_instance_uid(&self) -> &Uid {
        &self.sop_instance_uid
    }

    fn transfer_syntax_uid(&self) -> &Uid {
        &self.transfer_syntax_uid
    }

    fn open(&self) -> io::Result<(Box<dyn Read>, u64)> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len().saturating_sub(self.data_set_offset);
        file.seek(SeekFrom::Start(self.data_set_offset))?;
        Ok((Box::new(file), length))
    }
}

/// Sends every file below the paths, each in the transfer syntax that it is in.
pub(crate) fn run(arguments: &Send) -> Result<(), Failure> {
    let mut configuration = configured(&arguments.to.configured.sources())?.configuration;
    let peer = peer(&arguments.to, &mut configuration)?;
    let scu = wiring::storage_scu(&configuration)?;
    let mut skipped = 0_u64;
    let mut skip = |path: &Path, reason: &dyn std::fmt::Display| {
        skipped += 1;
        remark(format_args!("skipped {}: {reason}", path.display()));
    };
    let files = paths::files(&arguments.paths, &mut |path, error| skip(path, error));
    let mut instances = Vec::new();
    for path in files {
        match instance(&path) {
            Ok(instance) => instances.push(instance),
            Err(Failure(reason)) => skip(&path, &reason),
        }
    }

    let progress = import::progress(instances.len() as u64);
    let sending = Sending {
        response_timeout: configuration.storage_scu.response_timeout,
        priority: Priority::MEDIUM,
        originator: None,
        rules: exports::rules_of_peers(&configuration)?.of(&peer.ae_title).clone(),
        warnings: exports::warnings(&configuration),
    };
    let (mut stored, mut warned, mut failed) = (0_u64, 0_u64, 0_u64);
    let result = scu.run(&peer, &instances, &sending, &mut |instance, result| {
        let path = instance.path.display();
        match result {
            Ok(Status::SUCCESS) => stored += 1,
            Ok(status) => {
                warned += 1;
                progress
                    .suspend(|| remark(format_args!("{path}: stored, {} answered {status}", peer.ae_title)));
            }
            Err(not_stored) => {
                failed += 1;
                progress.suspend(|| remark(format_args!("{path}: not stored: {not_stored}")));
            }
        }
        progress.inc(1);
        Next::Continue
    });
    progress.finish_and_clear();
    say(format_args!(
        "{stored} stored, {warned} stored with a warning, {failed} failed, {skipped} skipped\n"
    ))?;
    result?;
    match failed {
        0 => paths::all_exist(&arguments.paths),
        _ => Err(Failure(format!("{} did not store everything: {failed} failed", peer.ae_title))),
    }
}

/// What a file holds, from its data set: the file meta information of a file may be wrong or missing.
fn instance(path: &Path) -> Result<InstanceFile, Failure> {
    const READ_BYTES: usize = 64 * 1024;
    let mut file = File::open(path)?;
    let found = find_data_set(&mut file)?;
    file.seek(SeekFrom::Start(found.data_set_offset))?;
    let mut walker = Walker::new(found.encoding, catalog::keys::wanted_tags());
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some(piece) if !piece.is_empty() => walker.push(piece)?,
            _ => break,
        }
    }
    let row = InstanceRow::extract(&walker.finish()?, &found.transfer_syntax_uid)?;
    Ok(InstanceFile {
        path: path.to_owned(),
        data_set_offset: found.data_set_offset,
        sop_class_uid: row.sop_class_uid().clone(),
        sop_instance_uid: row.sop_instance_uid().clone(),
        transfer_syntax_uid: found.transfer_syntax_uid,
    })
}
