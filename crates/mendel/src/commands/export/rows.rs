//! Which columns each kind of export has.

use std::collections::BTreeMap;

use mendel_api::{SeriesData, SeriesInfo};
use mendel_model::Run;
use serde_json::Value;

use super::sheet::{Cells, Sheet};
use crate::render::{
    document,
    value::{as_number, value},
};

/// A row for each run.
pub fn runs(runs: &[Run]) -> Sheet {
    let text = |of: &dyn Fn(&Run) -> String| Cells::Text(runs.iter().map(|run| Some(of(run))).collect());
    let time = |of: &dyn Fn(&Run) -> Option<mendel_model::Timestamp>| Cells::Time(runs.iter().map(of).collect());
    let mut sheet = Sheet::default()
        .with("id", text(&|run| run.facts.id.to_string()))
        .with("number", Cells::Int(runs.iter().map(|run| Some(run.number)).collect()))
        .with("name", text(&|run| run.facts.name.clone()))
        .with("project", text(&|run| run.facts.project.clone()))
        .with("status", text(&|run| run.status.to_string()))
        .with("user", text(&|run| run.facts.user.clone()))
        .with("tags", text(&|run| run.facts.tags.join(" ")))
        .with("comment", text(&|run| run.facts.comment.clone()))
        .with("created", time(&|run| Some(run.facts.created)))
        .with("started", time(&|run| run.started))
        .with("ended", time(&|run| run.ended))
        .with("exit_code", Cells::Int(runs.iter().map(|run| run.exit_code.map(i64::from)).collect()));
    let params = runs.iter().map(|run| document::params(&run.facts.params).into_iter().collect());
    let metrics = runs.iter().map(|run| run.metrics.clone());
    for (prefix, rows) in [("params", params.collect::<Vec<BTreeMap<String, Value>>>()), ("metrics", metrics.collect())]
    {
        let mut names: Vec<&String> = rows.iter().flat_map(BTreeMap::keys).collect();
        names.sort();
        names.dedup();
        for name in names {
            let values: Vec<Option<&Value>> = rows.iter().map(|row| row.get(name)).collect();
            sheet = sheet.with(format!("{prefix}.{name}"), cells(&values));
        }
    }
    sheet
}

/// A row for each parameter.
pub fn params(run: &Run) -> Sheet {
    let params = &run.facts.params;
    let text = |of: &dyn Fn(&mendel_model::Param) -> Option<String>| Cells::Text(params.iter().map(of).collect());
    Sheet::default()
        .with("run", text(&|_| Some(run.facts.id.to_string())))
        .with("number", Cells::Int(params.iter().map(|_| Some(run.number)).collect()))
        .with("section", text(&|param| Some(param.section.clone())))
        .with("name", text(&|param| Some(param.name.clone())))
        .with("type", text(&|param| param.kind.clone()))
        .with("value", text(&|param| Some(value(&param.value))))
        .with("from", text(&|param| Some(param.origin.to_string())))
}

/// The columns of [`params`] without a row.
pub fn no_params() -> Sheet {
    let text = || Cells::Text(Vec::new());
    let sheet = Sheet::default().with("run", text()).with("number", Cells::Int(Vec::new()));
    ["section", "name", "type", "value", "from"].into_iter().fold(sheet, |sheet, name| sheet.with(name, text()))
}

/// A row for each point.
pub fn points(run: &Run, info: &SeriesInfo, data: &SeriesData) -> Sheet {
    let id = run.facts.id.to_string();
    let repeated = |text: &str| Cells::Text(vec![Some(text.to_owned()); data.steps.len()]);
    Sheet::default()
        .with("run", repeated(&id))
        .with("number", Cells::Int(vec![Some(run.number); data.steps.len()]))
        .with("metric", repeated(&info.metric))
        .with("variant", repeated(&info.variant))
        .with("step", Cells::Int(data.steps.iter().copied().map(Some).collect()))
        .with("time", Cells::Time(data.times.iter().copied().map(Some).collect()))
        .with("value", Cells::Float(data.values.iter().copied().map(Some).collect()))
}

/// The columns of [`points`] without a row.
pub fn no_points() -> Sheet {
    let text = || Cells::Text(Vec::new());
    Sheet::default()
        .with("run", text())
        .with("number", Cells::Int(Vec::new()))
        .with("metric", text())
        .with("variant", text())
        .with("step", Cells::Int(Vec::new()))
        .with("time", Cells::Time(Vec::new()))
        .with("value", Cells::Float(Vec::new()))
}

/// The narrowest column that holds all of `values`.
fn cells(values: &[Option<&Value>]) -> Cells {
    let given = || values.iter().flatten().filter(|value| !value.is_null());
    if given().all(|value| value.is_i64()) && given().next().is_some() {
        return Cells::Int(values.iter().map(|value| value.and_then(Value::as_i64)).collect());
    }
    if given().all(|value| as_number(value).is_some()) && given().next().is_some() {
        return Cells::Float(values.iter().map(|value| value.and_then(as_number)).collect());
    }
    Cells::Text(values.iter().map(|found| found.filter(|found| !found.is_null()).map(value)).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_column_is_as_narrow_as_its_values_allow() {
        let (one, half, nan, word, none) = (json!(1), json!(0.5), json!("NaN"), json!("adam"), Value::Null);
        assert_eq!(cells(&[Some(&one), None]), Cells::Int(vec![Some(1), None]));
        assert_eq!(cells(&[Some(&one), Some(&half)]), Cells::Float(vec![Some(1.0), Some(0.5)]));
        let Cells::Float(numbers) = cells(&[Some(&half), Some(&nan)]) else { panic!("numbers") };
        assert!(numbers[1].is_some_and(f64::is_nan));
        assert_eq!(cells(&[Some(&one), Some(&word)]), Cells::Text(vec![Some("1".into()), Some("adam".into())]));
        assert_eq!(cells(&[Some(&none)]), Cells::Text(vec![None]));
    }
}
