//! Single comparisons of a filter as SQL conditions; every value is bound.
//!
//! A condition is never null, so that `not` means what it says: a run without the value
//! fulfils no comparison with it. `metrics.a/b` is the metric `a/b` with any variant, or
//! variant `b` of metric `a`.

use mendel_model::{Comparison, Literal, Status};

use super::{filter::Binds, param::indexed_text};
use crate::{Result, StoreError, database::Value};

fn symbol(comparison: Comparison) -> Option<&'static str> {
    Some(match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
        Comparison::Contains => return None,
    })
}

fn ordered(comparison: Comparison, what: &str) -> Result<&'static str> {
    symbol(comparison).ok_or_else(|| StoreError::BadFilter(format!("`~` does not apply to {what}")))
}

fn as_text(literal: &Literal) -> &str {
    match literal {
        Literal::Number(_, text) | Literal::Text(text) => text,
    }
}

/// Holds the text of a column or expression against a literal; case matters.
pub(super) fn text(column: &str, comparison: Comparison, wanted: &str, binds: &mut Binds) -> String {
    match symbol(comparison) {
        Some(symbol) => format!("{column} {symbol} {}", binds.add(wanted)),
        None if wanted.is_empty() => "1 = 1".to_owned(),
        None => format!("replace({column}, {}, '') <> {column}", binds.add(wanted)),
    }
}

/// A plain column.
pub(super) fn column(name: &str, comparison: Comparison, literal: &Literal, binds: &mut Binds) -> Result<String> {
    let wanted = as_text(literal);
    Ok(match name {
        "created" | "started" | "ended" => time(name, comparison, literal, binds)?,
        "archived" => {
            let flag = match wanted.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => true,
                "false" | "no" | "0" => false,
                _ => return Err(StoreError::BadFilter(format!("`archived` is true or false, not `{wanted}`"))),
            };
            format!("r.archived {} {}", ordered(comparison, "`archived`")?, binds.add(flag))
        }
        "status" => {
            if comparison != Comparison::Contains && Status::from_name(wanted).is_none() {
                let names = Status::ALL.map(Status::name).join(", ");
                return Err(StoreError::BadFilter(format!("`{wanted}` is not a status; there are {names}")));
            }
            text("r.status", comparison, wanted, binds)
        }
        "id" => id(comparison, wanted, binds),
        "type" => text("r.purpose", comparison, wanted, binds),
        "user" => text("r.author", comparison, wanted, binds),
        "name" => text("r.name", comparison, wanted, binds),
        "project" => text("r.project", comparison, wanted, binds),
        "comment" => text("r.comment", comparison, wanted, binds),
        other => return Err(StoreError::BadFilter(format!("`{other}` is not a field"))),
    })
}

/// An id equals its beginning, as people write it.
fn id(comparison: Comparison, wanted: &str, binds: &mut Binds) -> String {
    let wanted = wanted.to_ascii_lowercase();
    let mut begins = || {
        let (low, high) = (binds.add(wanted.as_str()), binds.add(format!("{wanted}g")));
        format!("(r.id >= {low} AND r.id < {high})")
    };
    match comparison {
        Comparison::Equal => begins(),
        Comparison::NotEqual => format!("NOT {}", begins()),
        comparison => text("r.id", comparison, &wanted, binds),
    }
}

/// A point in time: a whole day where only a date is given, in UTC.
fn time(name: &str, comparison: Comparison, literal: &Literal, binds: &mut Binds) -> Result<String> {
    let column = format!("r.{name}");
    let (start, end) = span(as_text(literal))?;
    let condition = match comparison {
        Comparison::Less => format!("{column} < {}", binds.add(start)),
        Comparison::GreaterOrEqual => format!("{column} >= {}", binds.add(start)),
        Comparison::LessOrEqual => format!("{column} < {}", binds.add(end)),
        Comparison::Greater => format!("{column} >= {}", binds.add(end)),
        Comparison::Equal => format!("{column} >= {} AND {column} < {}", binds.add(start), binds.add(end)),
        Comparison::NotEqual => format!("({column} < {} OR {column} >= {})", binds.add(start), binds.add(end)),
        Comparison::Contains => return Err(StoreError::BadFilter(format!("`~` does not apply to `{name}`"))),
    };
    Ok(format!("({column} IS NOT NULL AND {condition})"))
}

/// First millisecond of what a literal names, and the first one after it.
fn span(text: &str) -> Result<(i64, i64)> {
    if let Ok(millis) = text.parse::<i64>().or_else(|_| text.parse::<f64>().map(|millis| millis as i64)) {
        return Ok((millis, millis.saturating_add(1)));
    }
    let bad = || StoreError::BadFilter(format!("`{text}` is not a time; write 2026-01-31 or 2026-01-31T12:00:00Z"));
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok((time.as_millisecond(), time.as_millisecond() + 1));
    }
    let at = |time: jiff::civil::DateTime| {
        time.to_zoned(jiff::tz::TimeZone::UTC).map(|time| time.timestamp().as_millisecond()).map_err(|_| bad())
    };
    if text.contains([':', 'T']) {
        let start = at(text.parse().map_err(|_| bad())?)?;
        return Ok((start, start + 1));
    }
    let day: jiff::civil::Date = text.parse().map_err(|_| bad())?;
    let next = day.tomorrow().map_err(|_| bad())?;
    Ok((at(day.at(0, 0, 0, 0))?, at(next.at(0, 0, 0, 0))?))
}

/// Any of the run's tags.
pub(super) fn tags(comparison: Comparison, literal: &Literal, binds: &mut Binds) -> Result<String> {
    let wanted = as_text(literal);
    let (not, condition) = match comparison {
        Comparison::Equal => ("", text("tag", Comparison::Equal, wanted, binds)),
        Comparison::NotEqual => ("NOT ", text("tag", Comparison::Equal, wanted, binds)),
        Comparison::Contains => ("", text("tag", Comparison::Contains, wanted, binds)),
        _ => return Err(StoreError::BadFilter("tags have no order; use `=`, `!=` or `~`".to_owned())),
    };
    Ok(format!("r.number {not}IN (SELECT run FROM run_tags WHERE {condition})"))
}

/// A batch the run belongs to, by id or name.
pub(super) fn batch(comparison: Comparison, literal: &Literal, binds: &mut Binds) -> Result<String> {
    let not = match comparison {
        Comparison::Equal => "",
        Comparison::NotEqual => "NOT ",
        _ => return Err(StoreError::BadFilter("batches have no order; use `=` or `!=`".to_owned())),
    };
    let (id, name) = (binds.add(as_text(literal)), binds.add(as_text(literal)));
    Ok(format!(
        "r.id {not}IN (SELECT m.run FROM batch_members m JOIN batches b ON b.id = m.batch \
         WHERE b.id = {id} OR b.name = {name})"
    ))
}

/// A parameter; a number is held against numbers, and equals its own text too.
pub(super) fn param(name: &str, comparison: Comparison, literal: &Literal, binds: &mut Binds) -> String {
    let name = binds.add(name);
    let condition = match (literal, comparison) {
        (Literal::Number(number, _), comparison) if comparison != Comparison::Contains && !number.is_nan() => {
            let symbol = symbol(comparison).expect("all but `~` have one");
            let number = binds.add(*number);
            match comparison {
                Comparison::Equal => format!("(number = {number} OR text = {})", binds.add(as_text(literal))),
                Comparison::NotEqual => {
                    format!("(number IS NULL OR number <> {number}) AND text <> {}", binds.add(as_text(literal)))
                }
                _ => format!("number {symbol} {number}"),
            }
        }
        (literal, comparison) => {
            let wanted = match as_text(literal) {
                "True" => "true",
                "False" => "false",
                "None" => "null",
                text => text,
            };
            text("text", comparison, &indexed_text(wanted), binds)
        }
    };
    format!("r.number IN (SELECT run FROM run_params WHERE name = {name} AND {condition})")
}

/// The last value of a series.
pub(super) fn metric(name: &str, comparison: Comparison, literal: &Literal, binds: &mut Binds) -> Result<String> {
    let Literal::Number(number, _) = literal else {
        let text = as_text(literal);
        return Err(StoreError::BadFilter(format!("`metrics.{name}` is a number and not `{text}`")));
    };
    let symbol = ordered(comparison, "metrics")?;
    let condition = match (number.is_nan(), comparison) {
        (true, Comparison::Equal) => "last_value IS NULL".to_owned(),
        (true, Comparison::NotEqual) => "last_value IS NOT NULL".to_owned(),
        (true, _) => "1 = 0".to_owned(),
        (false, Comparison::NotEqual) => format!("(last_value IS NULL OR last_value <> {})", binds.add(*number)),
        (false, _) => format!("last_value {symbol} {}", binds.add(*number)),
    };
    let named = series(name, binds);
    Ok(format!("r.number IN (SELECT run FROM series WHERE {named} AND {condition})"))
}

/// The series that `name` means.
pub(super) fn series(name: &str, binds: &mut Binds) -> String {
    let mut choices = vec![format!("metric = {}", binds.add(name))];
    for (at, _) in name.match_indices('/') {
        let (metric, variant) = (binds.add(&name[..at]), binds.add(&name[at + 1..]));
        choices.push(format!("(metric = {metric} AND variant = {variant})"));
    }
    match choices.len() {
        1 => choices.remove(0),
        _ => format!("({})", choices.join(" OR ")),
    }
}

impl Binds {
    /// Binds a value; answers its placeholder.
    pub(super) fn add(&mut self, value: impl Into<Value>) -> String {
        self.0.push(value.into());
        format!("${}", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_whole_day() {
        let (start, end) = span("2026-01-31").expect("a date");
        assert_eq!(end - start, 86_400_000);
        let (noon, after) = span("2026-01-31T12:00:00Z").expect("a time");
        assert_eq!((noon - start, after - noon), (43_200_000, 1));
        assert!(span("yesterday").is_err());
    }

    #[test]
    fn a_metric_with_a_slash_may_be_metric_and_variant() {
        let mut binds = Binds::default();
        assert_eq!(series("a/b", &mut binds), "(metric = $1 OR (metric = $2 AND variant = $3))");
        assert_eq!(series("loss", &mut binds), "metric = $4");
    }

    #[test]
    fn an_unknown_status_is_told() {
        let done = Literal::Text("done".into());
        let error = column("status", Comparison::Equal, &done, &mut Binds::default()).expect_err("unknown");
        assert!(error.to_string().contains("`done` is not a status"), "{error}");
    }
}
