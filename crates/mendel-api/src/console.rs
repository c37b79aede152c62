//! The console on the wire: pages from the beginning, or the newest lines.

use mendel_model::{ConsoleLine, RunId};
use serde::{Deserialize, Serialize};

use crate::{
    Address, Client, ClientError,
    address::{BadPair, Pairs},
};

/// Lines of a console.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ConsolePage {
    /// The lines, oldest first.
    pub lines: Vec<ConsoleLine>,
    /// Where to go on; asking with it later tells what was added.
    pub next: u64,
}

/// Which lines of a console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsoleQuery {
    /// So many after a place.
    After {
        /// The place: zero, or `next` of a page.
        after: u64,
        /// At most so many lines.
        limit: usize,
    },
    /// The newest.
    Tail {
        /// How many.
        lines: usize,
    },
}

/// Lines in one page of a console, when none is asked for.
const DEFAULT_LINES: usize = 1000;

impl ConsoleQuery {
    fn address(self, id: RunId) -> Address {
        let address = Address::of(&[&"runs", &id, &"console"]);
        match self {
            Self::After { after, limit } => address.ask("after", after).ask("limit", limit),
            Self::Tail { lines } => address.ask("tail", lines),
        }
    }

    /// What `pairs` ask.
    pub fn read(pairs: &Pairs) -> Result<Self, BadPair> {
        match pairs.parse("tail")? {
            Some(lines) => Ok(Self::Tail { lines }),
            None => {
                let after = pairs.parse("after")?.unwrap_or(0);
                Ok(Self::After { after, limit: pairs.parse("limit")?.unwrap_or(DEFAULT_LINES) })
            }
        }
    }
}

impl Client {
    /// At most `limit` lines after the place `after`.
    pub async fn console(&self, id: RunId, after: u64, limit: usize) -> Result<ConsolePage, ClientError> {
        self.get(ConsoleQuery::After { after, limit }.address(id)).await
    }

    /// The newest `lines` lines.
    pub async fn console_tail(&self, id: RunId, lines: usize) -> Result<ConsolePage, ClientError> {
        self.get(ConsoleQuery::Tail { lines }.address(id)).await
    }
}
