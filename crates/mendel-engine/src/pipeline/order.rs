//! The order of stages: each after what it reads, and before what it consumes is gone.

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
};

use serde::Serialize;

use super::StageDecl;

/// The field that is there without a stage that makes it.
pub(super) const INPUT_ID: &str = "input_id";

/// A stage that could not be placed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its class.
    pub class: String,
    /// Fields it reads that are not there.
    pub lacks: Vec<String>,
    /// Fields it consumes that other stages still read, with the classes of those.
    pub blocked: Vec<(String, Vec<String>)>,
}

/// One thing that keeps stages from having an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum OrderFault {
    /// Two stages have one id.
    DuplicateId {
        /// The id.
        id: String,
        /// The classes that have it.
        classes: Vec<String>,
    },
    /// Two stages make one field.
    AmbiguousOutput {
        /// The field.
        field: String,
        /// The classes that make it.
        classes: Vec<String>,
    },
    /// A stage makes the field that is always there.
    MakesInputId {
        /// Its class.
        class: String,
    },
    /// Two stages consume one field.
    ConsumedTwice {
        /// The field.
        field: String,
        /// The classes that consume it.
        classes: Vec<String>,
    },
    /// A field is read that no stage makes.
    NoProducer {
        /// The field.
        field: String,
        /// The classes that read it.
        classes: Vec<String>,
        /// The fields that are made.
        made: Vec<String>,
    },
    /// None of the stages left can come next.
    NoOrder {
        /// The classes placed so far, in order.
        placed: Vec<String>,
        /// Those left, with what keeps each.
        waiting: Vec<Waiting>,
    },
}

/// Why stages have no order: every fault found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct OrderProblem {
    /// The faults.
    pub faults: Vec<OrderFault>,
}

/// The places of `stages` in the order in which they run.
///
/// Of those that can come next, the first declared comes next.
pub fn order_stages(stages: &[StageDecl]) -> Result<Vec<usize>, OrderProblem> {
    let faults = declared_faults(stages);
    if !faults.is_empty() {
        return Err(OrderProblem { faults });
    }
    let mut available = BTreeSet::from([INPUT_ID]);
    let mut remaining: Vec<usize> = (0..stages.len()).collect();
    let mut order = Vec::with_capacity(stages.len());
    while !remaining.is_empty() {
        let next = remaining.iter().position(|stage| {
            let waiting = waiting(stages, *stage, &remaining, &available);
            waiting.lacks.is_empty() && waiting.blocked.is_empty()
        });
        let Some(next) = next else {
            let placed = order.iter().map(|stage: &usize| stages[*stage].class.clone()).collect();
            let waiting = remaining.iter().map(|stage| waiting(stages, *stage, &remaining, &available)).collect();
            return Err(OrderProblem { faults: vec![OrderFault::NoOrder { placed, waiting }] });
        };
        let stage = remaining.remove(next);
        available.extend(stages[stage].outputs.iter().map(String::as_str));
        for consumed in &stages[stage].consumes {
            available.remove(consumed.as_str());
        }
        order.push(stage);
    }
    Ok(order)
}

/// What keeps `stage` from coming next.
fn waiting(stages: &[StageDecl], stage: usize, remaining: &[usize], available: &BTreeSet<&str>) -> Waiting {
    let decl = &stages[stage];
    let lacks = decl.reads().filter(|field| !available.contains(field)).map(str::to_owned).collect();
    let blocked = decl.consumes.iter().filter_map(|field| {
        let others = remaining.iter().filter(|other| **other != stage).map(|other| &stages[*other]);
        let readers: Vec<String> =
            others.filter(|other| other.reads().any(|read| read == field)).map(|other| other.class.clone()).collect();
        (!readers.is_empty()).then(|| (field.clone(), readers))
    });
    Waiting { class: decl.class.clone(), lacks, blocked: blocked.collect() }
}

/// Faults that the declarations alone show.
fn declared_faults(stages: &[StageDecl]) -> Vec<OrderFault> {
    let mut faults = Vec::new();
    let several = |pairs: Vec<(&str, &StageDecl)>| {
        let grouped = grouped(pairs).into_iter().filter(|(_, classes)| classes.len() > 1);
        grouped.collect::<Vec<_>>()
    };
    let ids = stages.iter().map(|stage| (stage.id.as_str(), stage)).collect();
    faults.extend(several(ids).into_iter().map(|(id, classes)| OrderFault::DuplicateId { id, classes }));
    let made: Vec<_> =
        stages.iter().flat_map(|stage| stage.outputs.iter().map(move |field| (field.as_str(), stage))).collect();
    for (_, stage) in made.iter().filter(|(field, _)| *field == INPUT_ID) {
        faults.push(OrderFault::MakesInputId { class: stage.class.clone() });
    }
    faults.extend(
        several(made.clone()).into_iter().map(|(field, classes)| OrderFault::AmbiguousOutput { field, classes }),
    );
    let consumed =
        stages.iter().flat_map(|stage| stage.consumes.iter().map(move |field| (field.as_str(), stage))).collect();
    faults.extend(several(consumed).into_iter().map(|(field, classes)| OrderFault::ConsumedTwice { field, classes }));
    let names: Vec<String> = grouped(made).into_iter().map(|(field, _)| field).collect();
    let read = stages.iter().flat_map(|stage| stage.reads().map(move |field| (field, stage))).collect();
    for (field, classes) in grouped(read) {
        if field != INPUT_ID && !names.contains(&field) {
            faults.push(OrderFault::NoProducer { field, classes, made: names.clone() });
        }
    }
    faults
}

/// The classes of each name, names in the order in which they first stand.
fn grouped(pairs: Vec<(&str, &StageDecl)>) -> Vec<(String, Vec<String>)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (name, stage) in pairs {
        let place = *places.entry(name).or_insert_with(|| {
            groups.push((name.to_owned(), Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(stage.class.clone());
    }
    groups
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for OrderFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateId { id, classes } => write!(f, "the stage id `{id}` is that of {}", quoted(classes)),
            Self::AmbiguousOutput { field, classes } => {
                write!(f, "the field `{field}` is made by {}", quoted(classes))
            }
            Self::MakesInputId { class } => {
                write!(f, "`{class}` makes the field `{INPUT_ID}`, which is always there")
            }
            Self::ConsumedTwice { field, classes } => write!(
                f,
                "the field `{field}` is consumed by {}, and two stages that consume one field can never be ordered",
                quoted(classes)
            ),
            Self::NoProducer { field, classes, made } => {
                write!(f, "the field `{field}` is read by {} and made by no stage", quoted(classes))?;
                if made.is_empty() { Ok(()) } else { write!(f, "; made are {}", quoted(made)) }
            }
            Self::NoOrder { placed, waiting } => {
                f.write_str("the stages have no order")?;
                if !placed.is_empty() {
                    write!(f, ": after {}", quoted(placed))?;
                }
                for (index, stage) in waiting.iter().enumerate() {
                    f.write_str(if index == 0 && placed.is_empty() { ": " } else { "; " })?;
                    write!(f, "{stage}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.class)?;
        if !self.lacks.is_empty() {
            write!(f, " lacks {}", quoted(&self.lacks))?;
        }
        for (index, (field, readers)) in self.blocked.iter().enumerate() {
            let and = if index > 0 || !self.lacks.is_empty() { " and" } else { "" };
            write!(f, "{and} consumes `{field}`, which {} still reads", quoted(readers))?;
        }
        Ok(())
    }
}

impl fmt::Display for OrderProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for OrderProblem {}

#[cfg(test)]
#[path = "order_tests.rs"]
mod tests;
