//! The life of a run: which statuses exist and which move leads from one to another.
//!
//! Decided here and nowhere else; every store write of a status is conditional on the
//! status this function was asked about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Editable, not yet asked to run.
    Draft,
    /// Waits for a worker.
    Queued,
    /// A worker executes it.
    Running,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Ended by a person, or because nobody was left to watch it.
    Stopped,
    /// Ended, and read-only for ever.
    Published,
}

/// What someone wants to happen to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Move {
    /// Put it in line.
    Queue,
    /// A worker begins a new attempt.
    Start,
    /// It ended well.
    Complete,
    /// It ended badly.
    Fail,
    /// It was stopped.
    Stop,
    /// Make it read-only.
    Publish,
    /// Back to a draft, outputs forgotten.
    Reset,
}

/// A legal move and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The status before.
    pub from: Status,
    /// The status after.
    pub to: Status,
    /// Whether a new attempt begins.
    pub new_attempt: bool,
}

/// A move that the current status does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a run that is {status} cannot {attempted}")]
pub struct WrongStatus {
    /// Where the run stands.
    pub status: Status,
    /// What was asked.
    pub attempted: Move,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 7] =
        [Self::Draft, Self::Queued, Self::Running, Self::Completed, Self::Failed, Self::Stopped, Self::Published];

    /// The name, as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Published => "published",
        }
    }

    /// The status of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether nothing more will be written by a worker.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Stopped | Self::Published)
    }

    /// Where `wanted` leads from here.
    ///
    /// The first end stands: a run that ended cannot end again otherwise. `Start` on a
    /// failed or stopped run is a resume, and begins a new attempt.
    pub fn apply(self, wanted: Move) -> Result<Transition, WrongStatus> {
        use Status::{Completed, Draft, Failed, Published, Queued, Running, Stopped};
        let (to, new_attempt) = match (self, wanted) {
            (Draft | Failed | Stopped, Move::Queue) => (Queued, false),
            (Draft | Queued | Failed | Stopped, Move::Start) => (Running, true),
            (Running, Move::Complete) => (Completed, false),
            (Draft | Queued | Running, Move::Fail) => (Failed, false),
            (Draft | Queued | Running, Move::Stop) => (Stopped, false),
            (Completed | Stopped | Failed, Move::Publish) => (Published, false),
            (Draft | Queued | Running | Completed | Failed | Stopped, Move::Reset) => (Draft, false),
            (status, attempted) => return Err(WrongStatus { status, attempted }),
        };
        Ok(Transition { from: self, to, new_attempt })
    }

    /// Whether a caller that names a status, and not a move, may bring a run from here to
    /// `wanted`; the rule of the Trains API. To ask for the status that is there changes
    /// nothing, which is always allowed.
    pub const fn may_become(self, wanted: Self) -> bool {
        use Status::{Completed, Draft, Failed, Published, Queued, Running, Stopped};
        match self {
            Draft => matches!(wanted, Draft | Queued | Running),
            Queued => matches!(wanted, Draft | Queued | Running | Stopped),
            Running => matches!(wanted, Draft | Running | Stopped | Completed | Failed),
            Stopped => true,
            Completed => matches!(wanted, Draft | Running | Completed | Published),
            Failed => matches!(wanted, Draft | Queued | Stopped | Failed | Published),
            Published => matches!(wanted, Published),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Queue => "be queued",
            Self::Start => "start",
            Self::Complete => "complete",
            Self::Fail => "fail",
            Self::Stop => "stop",
            Self::Publish => "be published",
            Self::Reset => "be reset",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOVES: [Move; 7] =
        [Move::Queue, Move::Start, Move::Complete, Move::Fail, Move::Stop, Move::Publish, Move::Reset];

    #[test]
    fn a_published_run_never_moves() {
        for wanted in MOVES {
            assert!(Status::Published.apply(wanted).is_err());
        }
    }

    #[test]
    fn an_ended_run_does_not_end_again() {
        for ended in [Status::Completed, Status::Failed, Status::Stopped] {
            for wanted in [Move::Complete, Move::Fail, Move::Stop] {
                assert!(ended.apply(wanted).is_err(), "{ended} {wanted}");
            }
        }
    }

    #[test]
    fn tr_44_every_open_status_can_be_ended() {
        for status in Status::ALL.into_iter().filter(|status| !status.is_terminal()) {
            assert!(status.apply(Move::Stop).is_ok());
            assert!(status.apply(Move::Fail).is_ok());
        }
    }

    #[test]
    fn tr_44_a_status_that_is_named_follows_the_table_of_the_trains_api() {
        use Status::{Completed, Draft, Failed, Published, Queued, Running, Stopped};
        for status in Status::ALL {
            assert!(status.may_become(status), "{status} again");
        }
        let refused = [
            (Draft, Completed),
            (Draft, Stopped),
            (Queued, Completed),
            (Running, Queued),
            (Running, Published),
            (Completed, Stopped),
            (Completed, Queued),
            (Failed, Running),
            (Failed, Completed),
            (Published, Draft),
        ];
        for (from, to) in refused {
            assert!(!from.may_become(to), "{from} to {to}");
        }
        let allowed =
            [(Stopped, Completed), (Completed, Running), (Failed, Stopped), (Queued, Draft), (Draft, Running)];
        for (from, to) in allowed {
            assert!(from.may_become(to), "{from} to {to}");
        }
    }

    #[test]
    fn names_round_trip() {
        for status in Status::ALL {
            assert_eq!(Status::from_name(status.name()), Some(status));
        }
    }
}
