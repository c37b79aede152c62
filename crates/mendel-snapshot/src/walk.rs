//! The walk over a folder.

/// Why a path is in the folder and not in the snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutReason {
    /// An ignore rule, or a kind of folder that never belongs to a snapshot.
    Ignored,
    /// It would pass a limit.
    TooLarge,
    /// A link that points outside the folder.
    OutsideLink,
    /// It cannot be read, or is neither file, folder nor link.
    Unreadable,
}

/// A path that is in the folder and not in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Path below the root, with `/` between parts.
    pub path: String,
    /// Whether everything below it is left out with it.
    pub is_folder: bool,
    /// Number of bytes of a file.
    pub size: u64,
    /// Why.
    pub reason: LeftOutReason,
}
