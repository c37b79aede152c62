//! Filters and sort keys of the model as SQL with bound values.
//!
//! Nothing a user wrote becomes part of a statement's text. What a run lacks sorts last,
//! whichever way; where a name means several values, the smallest counts going up and the
//! largest going down.

use mendel_model::{Field, Filter, SortKey};

use super::compare;
use crate::{Result, StoreError, database::Value};

/// Comparisons in one filter.
const COMPARISONS_MAX: usize = 200;

/// Values bound so far; the next placeholder follows them.
#[derive(Debug, Default)]
pub(super) struct Binds(pub(super) Vec<Value>);

/// The condition that a filter is.
pub(super) fn condition(filter: &Filter, binds: &mut Binds) -> Result<String> {
    refuse_long(filter)?;
    compile(filter, binds)
}

/// Counts without recursion, since a chain of `and` may be as long as its text.
fn refuse_long(filter: &Filter) -> Result<()> {
    let (mut open, mut parts) = (vec![filter], 0);
    while let Some(filter) = open.pop() {
        parts += 1;
        if parts > COMPARISONS_MAX * 2 {
            return Err(StoreError::BadFilter(format!("a filter has at most {COMPARISONS_MAX} comparisons")));
        }
        match filter {
            Filter::And(left, right) | Filter::Or(left, right) => open.extend([&**left, &**right]),
            Filter::Not(inner) => open.push(inner),
            Filter::Compare(..) => {}
        }
    }
    Ok(())
}

fn compile(filter: &Filter, binds: &mut Binds) -> Result<String> {
    Ok(match filter {
        Filter::And(left, right) => format!("({} AND {})", compile(left, binds)?, compile(right, binds)?),
        Filter::Or(left, right) => format!("({} OR {})", compile(left, binds)?, compile(right, binds)?),
        Filter::Not(inner) => format!("NOT ({})", compile(inner, binds)?),
        Filter::Compare(field, comparison, literal) => match field {
            Field::Column(name) => compare::column(name, *comparison, literal, binds)?,
            Field::Tags => compare::tags(*comparison, literal, binds)?,
            Field::Batch => compare::batch(*comparison, literal, binds)?,
            Field::Param(name) => compare::param(name, *comparison, literal, binds),
            Field::Metric(name) => compare::metric(name, *comparison, literal, binds)?,
        },
    })
}

/// What follows `ORDER BY`; ends with the newest first.
pub(super) fn order(keys: &[SortKey], binds: &mut Binds) -> Result<String> {
    let mut parts = Vec::new();
    for SortKey { field, descending } in keys {
        let (direction, choice) = if *descending { ("DESC", "max") } else { ("ASC", "min") };
        let mut add = |expression: String| parts.push(format!("{expression} {direction} NULLS LAST"));
        match field {
            Field::Column("type") => add("r.purpose".into()),
            Field::Column("user") => add("r.author".into()),
            Field::Column(name) => add(format!("r.{name}")),
            Field::Param(name) => {
                for value in ["number", "text"] {
                    let name = binds.add(name);
                    add(format!("(SELECT {choice}({value}) FROM run_params WHERE run = r.number AND name = {name})"));
                }
            }
            Field::Metric(name) => {
                let named = compare::series(name, binds);
                add(format!("(SELECT {choice}(last_value) FROM series WHERE run = r.number AND {named})"));
            }
            Field::Tags | Field::Batch => {
                return Err(StoreError::BadFilter("runs are not sorted by tags or batch".to_owned()));
            }
        }
    }
    parts.push("r.number DESC".to_owned());
    Ok(parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s51_no_word_of_a_filter_becomes_sql() {
        let filter: Filter = "name = \"x' OR 1=1 --\" and params.a;b ~ \"'; DROP TABLE runs\"".parse().expect("good");
        let mut binds = Binds::default();
        let text = condition(&filter, &mut binds).expect("compiles");
        assert!(!text.contains("DROP") && !text.contains("1=1") && !text.contains("a;b"), "{text}");
        assert_eq!(binds.0.len(), 3);
    }

    #[test]
    fn a_filter_of_a_thousand_comparisons_is_refused() {
        let text = vec!["name = a"; 1000].join(" and ");
        let filter: Filter = text.parse().expect("good");
        assert!(matches!(condition(&filter, &mut Binds::default()), Err(StoreError::BadFilter(_))));
    }

    #[test]
    fn ties_come_newest_first() {
        let keys = ["-created".parse().expect("good")];
        assert_eq!(order(&keys, &mut Binds::default()).expect("good"), "r.created DESC NULLS LAST, r.number DESC");
    }
}
