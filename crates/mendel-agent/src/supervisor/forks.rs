//! Which fork server starts a task: one that has the packages imported that tasks of its family
//! need, as soon as one of them has told.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

use super::{fork_server::ForkServer, launch::Preparation};
use crate::job::{Job, JobEnvironment, Launch};

/// The fork servers of a supervisor.
#[derive(Debug, Clone, Default)]
pub(super) struct Forks {
    roots: Arc<Mutex<HashMap<Surrounding, Shared>>>,
    families: Arc<Mutex<HashMap<(Surrounding, String), Family>>>,
}

/// What a process finds when it is started; what is forked finds the same.
type Surrounding = (JobEnvironmentKey, Option<PathBuf>, PathBuf);
type JobEnvironmentKey = (Option<PathBuf>, Vec<(String, Option<String>)>);

/// A server, once it was started; none where it could not be.
type Shared = Arc<OnceCell<Option<ForkServer>>>;

/// Tasks that import the same.
#[derive(Debug, Clone, Default)]
struct Family {
    /// The installed packages that the first of them imported.
    imports: Option<Arc<Vec<String>>>,
    server: Shared,
}

impl Forks {
    /// The server that forks `job`; none where a process of its own is better.
    pub(super) async fn of(&self, job: &Job, preparation: &Preparation) -> Option<ForkServer> {
        let family = family(job)?;
        let surrounding = surrounding(&job.environment, preparation);
        let root = lock(&self.roots).entry(surrounding.clone()).or_default().clone();
        let root = root.get_or_init(async || ForkServer::start(job, preparation).await.ok()).await.clone()?;
        let known = lock(&self.families).get(&(surrounding, family.to_owned())).cloned().unwrap_or_default();
        let Some(imports) = known.imports.filter(|imports| !imports.is_empty()) else { return Some(root) };
        // One that cannot be forked once they are imported: each task imports them itself.
        let own = known.server.get_or_init(async || root.with(&imports).await.ok()).await.clone();
        Some(own.unwrap_or(root))
    }

    /// Hears what a task of the family of `job` imported.
    pub(super) fn learn(&self, job: &Job, preparation: &Preparation, imports: Vec<String>) {
        let Some(family) = family(job) else { return };
        let key = (surrounding(&job.environment, preparation), family.to_owned());
        lock(&self.families).entry(key).or_default().imports.get_or_insert_with(|| Arc::new(imports));
    }

    /// Lets all of them end.
    pub(super) async fn close(&self) {
        let families: Vec<_> = lock(&self.families).drain().map(|(_, family)| family.server).collect();
        let roots: Vec<_> = lock(&self.roots).drain().map(|(_, root)| root).collect();
        // Each of a family is a child of a root, and is waited for by it.
        for server in families.into_iter().chain(roots) {
            if let Some(Some(server)) = Arc::into_inner(server).and_then(OnceCell::into_inner) {
                server.close().await;
            }
        }
    }
}

fn family(job: &Job) -> Option<&str> {
    match &job.launch {
        Launch::Stages { family, .. } => family.as_deref(),
        Launch::Script { .. } | Launch::Command { .. } | Launch::Shell { .. } | Launch::Typed { .. } => None,
    }
}

fn surrounding(environment: &JobEnvironment, preparation: &Preparation) -> Surrounding {
    let variables = environment.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let python_path = preparation.python_path.clone();
    ((environment.python.clone(), variables), python_path, preparation.folder.clone())
}

fn lock<T>(shared: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
