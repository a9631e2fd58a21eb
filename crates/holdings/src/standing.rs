use std::fs::File;
use std::path::Path;

use vault::Sync;
use vocabulary::Uid;

use crate::{Holdings, HoldingsError, open::key_of};

/// How an instance stands in the holdings at present: whether somebody may rely on it.
#[derive(Debug)]
pub enum Standing {
    /// It is held, its file is as long as it was when it was kept, and a power cut does not take it.
    Durable,
    /// It is in the catalog, but its file is not as it was kept.
    Damaged(HoldingsError),
    /// It is held, but as an instance of another SOP class.
    OtherSopClass(Uid),
    /// It is not held.
    NotHeld,
}

impl Holdings {
    /// How the instance of a SOP class stands. Any version of it counts.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    pub fn standing(&self, sop_class_uid: &Uid, sop_instance_uid: &Uid) -> Result<Standing, HoldingsError> {
        let mut standing = Standing::NotHeld;
        for held in self.locate(sop_instance_uid)? {
            if held.sop_class_uid != *sop_class_uid {
                if matches!(standing, Standing::NotHeld) {
                    standing = Standing::OtherSopClass(held.sop_class_uid);
                }
                continue;
            }
            match self.open_instance(&held).and_then(|_| self.make_durable(&self.vault.path(&key_of(&held))))
            {
                Ok(()) => return Ok(Standing::Durable),
                Err(error) => standing = Standing::Damaged(error),
            }
        }
        Ok(standing)
    }

    /// Syncs a file and every directory above it, where that was not done when it was kept.
    fn make_durable(&self, path: &Path) -> Result<(), HoldingsError> {
        if self.rules.sync == Sync::Instance {
            return Ok(());
        }
        for path in path.ancestors().take_while(|path| path.starts_with(&self.data_directory)) {
            let synced = File::open(path).and_then(|file| file.sync_all());
            synced.map_err(|source| HoldingsError::File { path: path.to_owned(), source })?;
        }
        Ok(())
    }
}
