//! The process of a job, whoever started it.

use std::{io, process::ExitStatus};

use tokio::{io::AsyncRead, process::Child};

use super::{fork_server::Forked, outcome::MemoryFacts};

/// A process that runs.
#[derive(Debug)]
pub(super) enum Process {
    /// Started by us.
    Started(Child),
    /// Forked by a fork server.
    Forked(Forked),
}

type Stream = Box<dyn AsyncRead + Send + Unpin>;

impl Process {
    /// Its id, which is that of its group.
    pub(super) fn pid(&self) -> u32 {
        match self {
            Self::Started(child) => child.id().expect("a child that was not waited for has an id"),
            Self::Forked(forked) => forked.pid,
        }
    }

    /// Its standard output and error; taken once.
    pub(super) fn streams(&mut self) -> (Option<Stream>, Option<Stream>) {
        match self {
            Self::Started(child) => {
                let out = child.stdout.take().map(|pipe| Box::new(pipe) as Stream);
                (out, child.stderr.take().map(|pipe| Box::new(pipe) as Stream))
            }
            Self::Forked(forked) => {
                let out = forked.out.take().map(|pipe| Box::new(pipe) as Stream);
                (out, forked.err.take().map(|pipe| Box::new(pipe) as Stream))
            }
        }
    }

    /// Waits for its end; may be asked again.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        match self {
            Self::Started(child) => child.wait().await,
            Self::Forked(forked) => Ok(forked.wait().await),
        }
    }

    /// What is known of its memory, given what is known of our children.
    pub(super) fn memory(&self, facts: MemoryFacts) -> MemoryFacts {
        match self {
            Self::Started(_) => facts,
            Self::Forked(forked) => MemoryFacts { peak_kb: forked.peak_kb(), ..facts },
        }
    }
}
