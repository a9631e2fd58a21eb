//! Files and directories, each as it is and as it would be after a power cut.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::split;

pub(super) type NodeId = usize;

type Entries = BTreeMap<OsString, NodeId>;

#[derive(Debug, Default, Clone)]
pub(super) struct Directory {
    pub(super) entries: Entries,
    pub(super) synced: Entries,
    /// The mark of one whose own entry survives. Nothing waits for it, so that a power cut may take it.
    pub(super) settled: bool,
}

#[derive(Debug, Clone)]
pub(super) struct SimulatedBytes {
    pub(super) bytes: Vec<u8>,
    pub(super) synced: Vec<u8>,
    pub(super) changed: SystemTime,
}

#[derive(Debug)]
pub(super) enum Node {
    File(SimulatedBytes),
    Directory(Directory),
}

impl Node {
    pub(super) fn file(now: SystemTime) -> Self {
        Self::File(SimulatedBytes { bytes: Vec::new(), synced: Vec::new(), changed: now })
    }

    pub(super) fn directory() -> Self {
        Self::Directory(Directory::default())
    }
}

/// All nodes; one is never given back, so that a file lives on without a name. The first is the root.
#[derive(Debug)]
pub(super) struct Nodes(Vec<Node>);

const ROOT: NodeId = 0;

impl Nodes {
    pub(super) fn with_directory(directory: &Path) -> Self {
        let mut nodes = Self(vec![Node::directory()]);
        let mut from_root: Vec<&Path> =
            directory.ancestors().filter(|path| path.parent().is_some()).collect();
        from_root.reverse();
        for path in from_root {
            // The path is absolute and new, so nothing stands in its way.
            if nodes.insert(path, Node::directory()).is_ok()
                && let Some(parent) = path.parent()
                && let Ok(parent) = nodes.directory_mut(parent)
            {
                parent.synced = parent.entries.clone();
            }
        }
        nodes
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<NodeId> {
        let Ok((parent, name)) = split(path) else { return Ok(ROOT) };
        match self.0.get(self.find(parent)?) {
            Some(Node::Directory(directory)) => {
                directory.entries.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
            }
            _ => Err(ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn directory_mut(&mut self, path: &Path) -> io::Result<&mut Directory> {
        let node = self.find(path)?;
        match self.0.get_mut(node) {
            Some(Node::Directory(directory)) => Ok(directory),
            _ => Err(ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn file_mut(&mut self, path: &Path) -> io::Result<&mut SimulatedBytes> {
        let node = self.find(path)?;
        self.opened_mut(node)
    }

    pub(super) fn opened_mut(&mut self, node: NodeId) -> io::Result<&mut SimulatedBytes> {
        match self.0.get_mut(node) {
            Some(Node::File(file)) => Ok(file),
            _ => Err(ErrorKind::IsADirectory.into()),
        }
    }

    pub(super) fn is_file(&self, node: NodeId) -> bool {
        matches!(self.0.get(node), Some(Node::File(_)))
    }

    pub(super) fn insert(&mut self, path: &Path, node: Node) -> io::Result<NodeId> {
        let id = self.0.len();
        self.link(path, id)?;
        self.0.push(node);
        Ok(id)
    }

    pub(super) fn link(&mut self, path: &Path, node: NodeId) -> io::Result<()> {
        let (parent, name) = split(path)?;
        let parent = self.directory_mut(parent)?;
        if parent.entries.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        parent.entries.insert(name.to_owned(), node);
        Ok(())
    }

    pub(super) fn unlink(&mut self, path: &Path) -> io::Result<()> {
        let (parent, name) = split(path)?;
        match self.directory_mut(parent)?.entries.remove(name) {
            Some(_) => Ok(()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    /// Makes all that there is survive.
    pub(super) fn sync(&mut self) {
        for node in &mut self.0 {
            match node {
                Node::File(file) => file.synced.clone_from(&file.bytes),
                Node::Directory(directory) => directory.synced.clone_from(&directory.entries),
            }
        }
    }

    /// Forgets what was not synced, but for what `survives`, asked once for each change of an entry and for each file.
    pub(super) fn forget(&mut self, survives: &mut dyn FnMut() -> bool) {
        for node in &mut self.0 {
            match node {
                Node::File(file) => {
                    if file.bytes != file.synced && !survives() {
                        // What the file system promised room for may be there without its bytes.
                        let length = if survives() { file.bytes.len() } else { file.synced.len() };
                        file.synced.resize(length, 0);
                        file.bytes.clone_from(&file.synced);
                    }
                    file.synced.clone_from(&file.bytes);
                }
                Node::Directory(directory) => {
                    let mut after = directory.synced.clone();
                    let names = directory.entries.keys().chain(directory.synced.keys());
                    for name in names.cloned().collect::<std::collections::BTreeSet<_>>() {
                        let now = directory.entries.get(&name);
                        if now == directory.synced.get(&name) || !survives() {
                            continue;
                        }
                        match now {
                            Some(node) => after.insert(name, *node),
                            None => after.remove(&name),
                        };
                    }
                    directory.settled = directory.settled && survives();
                    directory.entries.clone_from(&after);
                    directory.synced = after;
                }
            }
        }
    }

    pub(super) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut waiting = vec![(PathBuf::from("/"), ROOT)];
        while let Some((path, node)) = waiting.pop() {
            match self.0.get(node) {
                Some(Node::File(file)) => {
                    files.insert(path, file.bytes.clone());
                }
                Some(Node::Directory(directory)) => {
                    waiting.extend(directory.entries.iter().map(|(name, node)| (path.join(name), *node)));
                }
                None => {}
            }
        }
        files
    }
}
