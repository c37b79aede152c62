//! Events on the wire: plots, texts, tables and media of a run.

use mendel_model::{Event, EventKind, RunId};
use serde::{Deserialize, Serialize, de::IntoDeserializer};

use crate::{
    Address, Client, ClientError,
    address::{BadPair, Pairs},
};

/// Which events of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventQuery {
    /// Only shown so.
    pub kind: Option<EventKind>,
    /// Only of this title.
    pub metric: Option<String>,
    /// Only of this series.
    pub variant: Option<String>,
    /// Only the newest of each kind, title and series.
    pub last: bool,
}

impl EventQuery {
    fn address(&self, id: RunId) -> Address {
        Address::of(&[&"runs", &id, &"events"])
            .ask_if("kind", self.kind.map(name))
            .ask_if("metric", self.metric.as_ref())
            .ask_if("variant", self.variant.as_ref())
            .ask_if("last", self.last.then_some(true))
    }

    /// What `pairs` ask.
    pub fn read(pairs: &Pairs) -> Result<Self, BadPair> {
        let text = |key| pairs.first(key).map(str::to_owned);
        let kind = pairs.first("kind").map(|value| {
            let reader: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = value.into_deserializer();
            EventKind::deserialize(reader).map_err(|_| BadPair { key: "kind".into(), value: value.to_owned() })
        });
        Ok(Self {
            kind: kind.transpose()?,
            metric: text("metric"),
            variant: text("variant"),
            last: pairs.parse("last")?.unwrap_or(false),
        })
    }
}

fn name(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Plot => "plot",
        EventKind::Table => "table",
        EventKind::Text => "text",
        EventKind::Image => "image",
        EventKind::Media => "media",
        EventKind::Value => "value",
        EventKind::Stage => "stage",
        EventKind::Vector => "vector",
    }
}

impl Client {
    /// The events of a run that `query` asks for, in the order of their reporting.
    pub async fn events(&self, id: RunId, query: &EventQuery) -> Result<Vec<Event>, ClientError> {
        self.get(query.address(id)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_asked_for_by_its_name() {
        let kinds = [
            EventKind::Plot,
            EventKind::Table,
            EventKind::Text,
            EventKind::Image,
            EventKind::Media,
            EventKind::Value,
            EventKind::Stage,
            EventKind::Vector,
        ];
        for kind in kinds {
            let query = EventQuery { kind: Some(kind), metric: Some("a".into()), variant: None, last: true };
            let text = query.address(RunId::new(1, [1; 10])).text();
            assert_eq!(EventQuery::read(&Pairs::read(text.split_once('?').expect("a query").1)), Ok(query));
        }
        assert!(EventQuery::read(&Pairs::read("kind=song")).is_err());
    }
}
