//! The index of parameters and tags by which lists filter and sort.
//!
//! A text that reads as a number is found as a number too, since scripts report both.
//! The index keeps the first 256 characters of a text; the run keeps all.

use mendel_model::{Param, limits};
use serde_json::Value as Json;

use crate::{
    Result, StoreError,
    database::{Session, Value, json, sql},
    run::check_name,
};

/// Characters of a value that the index keeps.
const INDEXED: usize = 256;

/// What the index keeps of a value, and what a literal of a filter is held against.
pub(super) fn indexed_text(text: &str) -> String {
    text.chars().take(INDEXED).collect()
}

fn indexed(value: &Json) -> (Option<f64>, String) {
    match value {
        Json::Number(number) => (number.as_f64(), number.to_string()),
        Json::String(text) => {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            (number, indexed_text(text))
        }
        other => (None, indexed_text(&json(other))),
    }
}

/// Index rows of a run's parameters: each by its name, and by its path where that differs.
pub(super) fn param_rows(number: i64, params: &[Param]) -> Vec<Vec<Value>> {
    let mut rows = Vec::with_capacity(params.len() * 2);
    for param in params {
        let (value, text) = indexed(&param.value);
        let mut add = |name: String| rows.push(vec![number.into(), name.into(), value.into(), text.clone().into()]);
        if !param.section.is_empty() {
            add(param.path());
        }
        add(param.name.clone());
    }
    rows
}

/// Index rows of a run's tags.
pub(super) fn tag_rows(number: i64, tags: &[String]) -> Vec<Vec<Value>> {
    tags.iter().map(|tag| vec![number.into(), tag.into()]).collect()
}

/// Adds index rows of parameters.
pub(super) async fn insert_params(session: &mut Session, rows: Vec<Vec<Value>>) -> Result<()> {
    session.insert("INSERT INTO run_params (run, name, number, text)", rows, "").await
}

/// Adds index rows of tags.
pub(super) async fn insert_tags(session: &mut Session, rows: Vec<Vec<Value>>) -> Result<()> {
    session.insert("INSERT INTO run_tags (run, tag)", rows, "ON CONFLICT DO NOTHING").await
}

/// Writes the index of a run anew.
pub(super) async fn reindex(session: &mut Session, number: i64, params: &[Param], tags: &[String]) -> Result<()> {
    session.execute(sql("DELETE FROM run_params WHERE run = $1").bind(number)).await?;
    session.execute(sql("DELETE FROM run_tags WHERE run = $1").bind(number)).await?;
    insert_params(session, param_rows(number, params)).await?;
    insert_tags(session, tag_rows(number, tags)).await
}

/// L06, L07: whether a run may have these parameters.
pub(super) fn check_params(params: &[Param]) -> Result<()> {
    if params.len() > limits::PARAMS_PER_RUN {
        let (limit, value) = (limits::PARAMS_PER_RUN, params.len());
        return Err(StoreError::TooLarge { what: "the number of parameters", limit, value });
    }
    for param in params {
        check_name("parameter", &param.name, false)?;
        check_name("section", &param.section, true)?;
        let value = match &param.value {
            Json::String(text) => text.len(),
            other => json(other).len(),
        };
        if value > limits::PARAM_BYTES {
            return Err(StoreError::TooLarge { what: "the value of a parameter", limit: limits::PARAM_BYTES, value });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mendel_model::Origin;
    use serde_json::json;

    use super::*;

    fn param(section: &str, value: Json) -> Param {
        let section = section.to_owned();
        let (required, description) = (false, String::new());
        Param { section, name: "lr".into(), kind: None, value, origin: Origin::Code, required, description }
    }

    #[test]
    fn a_text_that_reads_as_a_number_is_found_as_one() {
        assert_eq!(indexed(&json!("0.01")), (Some(0.01), "0.01".into()));
        assert_eq!(indexed(&json!(3)), (Some(3.0), "3".into()));
        assert_eq!(indexed(&json!(true)), (None, "true".into()));
        assert_eq!(indexed(&json!("inf")), (None, "inf".into()));
    }

    #[test]
    fn a_sectioned_parameter_is_found_by_name_and_by_path() {
        assert_eq!(param_rows(1, &[param("Args", json!(1))]).len(), 2);
        assert_eq!(param_rows(1, &[param("", json!(1))]).len(), 1);
    }

    #[test]
    fn a_value_of_more_than_64_kib_is_refused() {
        let long = param("", json!("x".repeat(limits::PARAM_BYTES + 1)));
        assert!(matches!(check_params(&[long]), Err(StoreError::TooLarge { .. })));
    }
}
