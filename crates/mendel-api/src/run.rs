//! Runs on the wire: making, finding, changing, moving and deleting them.

use http::Method;
use mendel_model::{Identity, NewBatch, NewRun, Run, RunId, RunRef, RunUpdate, Status, StatusRecord};
use serde::{Deserialize, Serialize};

use crate::{
    Address, Client, ClientError,
    address::{BadPair, Pairs},
    client::{Call, read},
};

/// Runs in one page of a list, when none is asked for.
pub const DEFAULT_PAGE: usize = 100;

/// A query longer than this travels as a body: an address has to stay short.
const QUERY_MAX: usize = 8 << 10;

/// Runs to make in one go: all of them, or none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CreateRuns {
    /// The runs.
    pub runs: Vec<NewRun>,
    /// The batch they belong to.
    #[serde(default)]
    pub batch: Option<NewBatch>,
}

/// Which runs, in which order, and which page of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunQuery {
    /// A condition in the filter grammar.
    pub filter: Option<String>,
    /// Fields to sort by, `-` before one for the largest first; newest first when empty.
    pub sort: Vec<String>,
    /// Only of this project.
    pub project: Option<String>,
    /// Only these.
    pub ids: Vec<RunId>,
    /// Only of this meaning.
    pub identity: Option<Identity>,
    /// Only in one of these statuses.
    pub status: Vec<Status>,
    /// Only children of this run.
    pub parent: Option<RunId>,
    /// Only put away, or only not.
    pub archived: Option<bool>,
    /// At most so many, and not more than `limits::PAGE_ROWS`; [`DEFAULT_PAGE`] when zero.
    pub limit: usize,
    /// Where the last page ended.
    pub cursor: Option<String>,
}

impl RunQuery {
    /// The address that asks this.
    pub fn address(&self) -> Address {
        let limit = (self.limit > 0).then_some(self.limit);
        Address::of(&[&"runs"])
            .ask_if("filter", self.filter.as_ref())
            .ask_each("sort", &self.sort)
            .ask_if("project", self.project.as_ref())
            .ask_each("id", &self.ids)
            .ask_if("identity", self.identity)
            .ask_each("status", &self.status)
            .ask_if("parent", self.parent)
            .ask_if("archived", self.archived)
            .ask_if("limit", limit)
            .ask_if("cursor", self.cursor.as_ref())
    }

    /// What `pairs` ask.
    pub fn read(pairs: &Pairs) -> Result<Self, BadPair> {
        let text = |key| pairs.first(key).map(str::to_owned);
        let status = |name: &str| {
            Status::from_name(name).ok_or_else(|| BadPair { key: "status".into(), value: name.to_owned() })
        };
        Ok(Self {
            filter: text("filter"),
            sort: pairs.all("sort").map(str::to_owned).collect(),
            project: text("project"),
            ids: pairs.parse_all("id")?,
            identity: pairs.parse("identity")?,
            status: pairs.all("status").map(status).collect::<Result<_, _>>()?,
            parent: pairs.parse("parent")?,
            archived: pairs.parse("archived")?,
            limit: pairs.parse("limit")?.unwrap_or(0),
            cursor: text("cursor"),
        })
    }
}

/// One page of a list of runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPage {
    /// The runs.
    pub runs: Vec<Run>,
    /// How many there are on all pages.
    pub total: u64,
    /// Where the next page begins; none on the last.
    pub next: Option<String>,
}

impl Client {
    /// Makes runs, all or none; asking twice makes each once.
    pub async fn create_runs(&self, wanted: &CreateRuns) -> Result<Vec<Run>, ClientError> {
        self.send(Method::POST, Address::of(&[&"runs"]), wanted).await
    }

    /// The run that `reference` names; a beginning that several share is refused with their ids.
    pub async fn run(&self, reference: &RunRef) -> Result<Option<Run>, ClientError> {
        self.find(Address::of(&[&"runs", reference])).await
    }

    /// One page of the runs that `query` asks for.
    pub async fn runs(&self, query: &RunQuery) -> Result<RunPage, ClientError> {
        let address = query.address();
        if address.query().len() <= QUERY_MAX {
            return self.get(address).await;
        }
        let long = Address::of(&[&"runs", &"query"]);
        let body = address.query().to_owned().into();
        let answer = self.exchange(Call::new(Method::POST, &long).bytes(body)).await?;
        read(&long, &answer)
    }

    /// Every run that `query` asks for, page by page.
    pub async fn all_runs(&self, query: &RunQuery) -> Result<Vec<Run>, ClientError> {
        let mut query = RunQuery { limit: mendel_model::limits::PAGE_ROWS, ..query.clone() };
        let mut runs = Vec::new();
        loop {
            let page = self.runs(&query).await?;
            runs.extend(page.runs);
            match page.next {
                Some(next) => query.cursor = Some(next),
                None => return Ok(runs),
            }
        }
    }

    /// The runs of these ids, in any order; of one that is not there, nothing.
    pub async fn runs_of(&self, ids: &[RunId]) -> Result<Vec<Run>, ClientError> {
        let mut runs = Vec::with_capacity(ids.len());
        for part in ids.chunks(mendel_model::limits::PAGE_ROWS) {
            runs.extend(self.all_runs(&RunQuery { ids: part.to_vec(), ..RunQuery::default() }).await?);
        }
        Ok(runs)
    }

    /// Changes what a run says about itself; `attempt` refuses a worker that was replaced.
    pub async fn update_run(&self, id: RunId, attempt: Option<u32>, update: &RunUpdate) -> Result<Run, ClientError> {
        self.send(Method::PATCH, Address::of(&[&"runs", &id]).ask_if("attempt", attempt), update).await
    }

    /// Moves a run to another status; sent once, since a second start is another attempt.
    pub async fn move_run(&self, id: RunId, attempt: Option<u32>, change: &StatusRecord) -> Result<Run, ClientError> {
        let address = Address::of(&[&"runs", &id, &"status"]).ask_if("attempt", attempt);
        let answer = self.exchange(Call::new(Method::POST, &address).json(change)?.once()).await?;
        read(&address, &answer)
    }

    /// Deletes a run with all that belongs to it; whether there was one.
    pub async fn delete_run(&self, id: RunId) -> Result<bool, ClientError> {
        let address = Address::of(&[&"runs", &id]);
        match self.exchange(Call::new(Method::DELETE, &address)).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("not_found") => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_address() {
        let query = RunQuery {
            filter: Some("m.loss < 0.5 and tags = 'a&b'".into()),
            sort: vec!["-created".into(), "name".into()],
            project: Some("häuser/1".into()),
            ids: vec![RunId::new(1, [2; 10]), RunId::new(3, [4; 10])],
            identity: None,
            status: vec![Status::Failed, Status::Draft],
            parent: Some(RunId::new(5, [6; 10])),
            archived: Some(false),
            limit: 7,
            cursor: Some("9".into()),
        };
        let text = query.address().text();
        let pairs = Pairs::read(text.split_once('?').expect("a query").1);
        assert_eq!(RunQuery::read(&pairs), Ok(query));
        assert_eq!(RunQuery::read(&Pairs::default()), Ok(RunQuery::default()));
    }

    #[test]
    fn a_status_that_does_not_exist_is_named() {
        let error = RunQuery::read(&Pairs::read("status=done")).expect_err("bad");
        assert_eq!(error.to_string(), "`done` is not a value of `status`");
    }
}
