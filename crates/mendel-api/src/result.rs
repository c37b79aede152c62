//! Results on the wire: finished steps, by meaning or by run.

use http::Method;
use mendel_model::{Identity, RunId, StepResult};
use serde::{Deserialize, Serialize};

use crate::{Address, Client, ClientError, client::Call};

/// Identities in one question, so that an answer stays of moderate size.
const FIND: usize = 1_000;

/// Results to keep in one go: all of them, or none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PutResults {
    /// The results.
    pub results: Vec<StepResult>,
}

/// A question for the results of many identities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindResults {
    /// The identities.
    pub identities: Vec<Identity>,
}

/// The answer to [`FindResults`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundResults {
    /// One list for each identity, in their order.
    pub results: Vec<Vec<StepResult>>,
}

/// Marks of identities that have results: those that were put up to a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Where to go on from.
    pub position: i64,
    /// The marks.
    pub marks: Vec<u64>,
}

impl Marks {
    /// It as the body of an answer.
    pub fn encode(&self) -> Vec<u8> {
        let marks = self.marks.iter().flat_map(|mark| mark.to_le_bytes());
        self.position.to_le_bytes().into_iter().chain(marks).collect()
    }

    /// What the body of an answer says; none where it is cut off, or says that there are too many.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let (words, []) = body.as_chunks::<8>() else { return None };
        let (position, marks) = words.split_first()?;
        let marks = marks.iter().map(|mark| u64::from_le_bytes(*mark)).collect();
        Some(Self { position: i64::from_le_bytes(*position), marks })
    }
}

impl Client {
    /// Keeps results of finished steps, all or none; one a run and step name, the last one put.
    pub async fn put_results(&self, results: &[StepResult]) -> Result<(), ClientError> {
        let told = PutResults { results: results.to_vec() };
        self.send(Method::POST, Address::of(&[&"results"]), &told).await
    }

    /// The results under `identity` that may be reused, newest first.
    pub async fn results(&self, identity: &Identity) -> Result<Vec<StepResult>, ClientError> {
        self.get(Address::of(&[&"results"]).ask("identity", identity)).await
    }

    /// The results under each of `identities` that may be reused, newest first.
    pub async fn results_of(&self, identities: &[Identity]) -> Result<Vec<Vec<StepResult>>, ClientError> {
        let mut found = Vec::with_capacity(identities.len());
        for part in identities.chunks(FIND) {
            let asked = FindResults { identities: part.to_vec() };
            let answer: FoundResults = self.send(Method::POST, Address::of(&[&"results", &"find"]), &asked).await?;
            found.extend(answer.results);
        }
        Ok(found)
    }

    /// Marks of the identities of results that were put after `position`; none where they are more
    /// than `most`.
    pub async fn result_marks(&self, position: i64, most: usize) -> Result<Option<Marks>, ClientError> {
        let address = Address::of(&[&"results", &"marks"]).ask("after", position).ask("most", most);
        let answer = self.exchange(Call::new(Method::GET, &address)).await?;
        Ok(Marks::decode(answer.body()))
    }

    /// The results of every step of a run that ended well, in the order in which they were kept.
    pub async fn results_of_run(&self, id: RunId) -> Result<Vec<StepResult>, ClientError> {
        self.get(Address::of(&[&"runs", &id, &"results"])).await
    }

    /// The result that a run made.
    pub async fn result_of(&self, id: RunId) -> Result<Option<StepResult>, ClientError> {
        self.find(Address::of(&[&"runs", &id, &"result"])).await
    }
}
