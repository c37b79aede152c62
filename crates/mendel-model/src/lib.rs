//! The nouns of Mendel, their rules and their identity.
//!
//! What a run, a parameter, a snapshot, a record or a step *is*, and which changes of
//! them are legal, is decided here. Nothing in this crate reads a clock, a file or a
//! random number: time and chance are handed in.

mod access;
mod artifact;
mod batch;
mod configuration;
mod digest;
mod environment;
mod event;
mod fault;
mod filter;
mod id;
mod identity;
mod input;
pub mod limits;
mod manifest;
mod param;
mod progress;
mod project;
mod record;
mod run;
mod series;
mod stage;
mod status;
mod step;
mod time;
mod window;

pub use access::{AccessKey, Decision, Member, Need, ProjectRole, ServerRole, UnknownWord, User, UserKind, decide};
pub use artifact::{Artifact, ArtifactMode, Model, ModelRecord, ModelUse};
pub use batch::{Batch, NewBatch};
pub use configuration::{
    Configuration, ConfigurationField, Configurations, FieldValue, LeftOut, Mark, Meaning, Rule, TooEntangled,
};
pub use digest::{BadDigest, Digest};
pub use environment::{EnvironmentLock, EnvironmentManager, EnvironmentPolicy, Package};
pub use event::{Event, EventKind};
pub use fault::Fault;
pub use filter::{BadFilter, Comparison, Field, Filter, Literal, SortKey};
pub use id::{BadId, BatchId, RunId, RunRef, UserId, WriterId};
pub use identity::{Canonical, Identity};
pub use input::InputId;
pub use manifest::{EntryKind, GitState, Manifest, ManifestEntry};
pub use param::{Origin, Param};
pub use progress::{Activity, Progress, StageEvent, StageProgress, StageReport};
pub use project::{NewProject, Project, ProjectType, UnknownProjectType};
pub use record::{BadRecord, ConsoleStream, Point, Record, StatusRecord};
pub use run::{ConsoleLine, NewRun, Owner, Run, RunUpdate, ScriptInfo, TaskKind, TaskType};
pub use series::{SeriesKey, SeriesPoint, SeriesSummary};
pub use stage::{BadStageName, StageName};
pub use status::{Move, Status, Transition, WrongStatus};
pub use step::{
    Dependency, DependencyKind, Output, Reason, ReasonKind, ScopeFile, StageField, StageRecord, StepKey, StepResult,
    stage_step, step_key,
};
pub use time::Timestamp;
pub use window::window_means;
