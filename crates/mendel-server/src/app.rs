//! What every handler works with: the store, the clock, and where defects are told.
//!
//! The only look at the machine's clock is here, so that tests may hand in another.

use std::{
    error::Error,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use mendel_model::Timestamp;
use mendel_store::{NewAudit, Store, StoreError};

use crate::{
    access::{Access, Caller},
    seal::Touched,
    streams::Streams,
    trains::Scrolls,
};

/// Tells the time.
pub type Clock = fn() -> Timestamp;

type Report = Arc<dyn Fn(&(dyn Error + 'static)) + Send + Sync>;

/// The state of the server. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct App {
    pub(crate) store: Store,
    pub(crate) now: Clock,
    pub(crate) workspace: Arc<str>,
    pub(crate) touched: Arc<Touched>,
    pub(crate) access: Access,
    pub(crate) scrolls: Arc<Scrolls>,
    pub(crate) streams: Streams,
    /// Whether callers reach the server encrypted.
    pub(crate) encrypted: bool,
    report: Report,
}

impl App {
    /// A server over `store`, by the machine's clock.
    pub fn new(store: Store) -> Self {
        let access = Access::new(store.clone(), machine_time);
        Self {
            store,
            now: machine_time,
            workspace: "".into(),
            touched: Arc::default(),
            access,
            streams: Streams::default(),
            scrolls: Arc::default(),
            encrypted: false,
            report: Arc::new(|_| ()),
        }
    }

    /// The same by another clock.
    #[must_use]
    pub fn with_clock(self, now: Clock) -> Self {
        Self { now, access: Access::new(self.store.clone(), now), ..self }
    }

    /// The same, whose callers reach it encrypted, here or at a proxy before it.
    #[must_use]
    pub fn encrypted(self, encrypted: bool) -> Self {
        Self { encrypted, ..self }
    }

    /// The same, telling callers the identity of its workspace.
    #[must_use]
    pub fn of_workspace(self, id: &str) -> Self {
        Self { workspace: id.into(), ..self }
    }

    /// The same, handing every defect to `report`: callers only hear that there was one,
    /// since its details name files and statements.
    #[must_use]
    pub fn reporting(self, report: impl Fn(&(dyn Error + 'static)) + Send + Sync + 'static) -> Self {
        Self { report: Arc::new(report), ..self }
    }

    /// Knows callers.
    pub fn access(&self) -> &Access {
        &self.access
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Adds to the audit trail what `caller` did.
    pub(crate) async fn note(
        &self,
        caller: &Caller,
        action: &str,
        object: &str,
        project: &str,
        detail: serde_json::Value,
    ) -> Result<(), StoreError> {
        let told = NewAudit {
            actor: caller.0.user.name.clone(),
            origin: String::new(),
            action: action.to_owned(),
            object: object.to_owned(),
            project: project.to_owned(),
            outcome: "done".to_owned(),
            detail,
        };
        self.store.append_audit(&told, (self.now)()).await
    }

    pub(crate) fn report(&self, defect: &(dyn Error + 'static)) {
        (self.report)(defect);
    }
}

impl From<Store> for App {
    fn from(store: Store) -> Self {
        Self::new(store)
    }
}

fn machine_time() -> Timestamp {
    // A clock before 1970 is wrong; zero says so as well as any other number.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
