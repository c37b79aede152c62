//! Named columns of equal length.

use mendel_model::Timestamp;

use crate::render::csv;

/// The cells of a column; none where there is no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Texts.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Int(Vec<Option<i64>>),
    /// Numbers; NaN and infinities are values.
    Float(Vec<Option<f64>>),
    /// Moments.
    Time(Vec<Option<Timestamp>>),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Self::Text(cells) => cells.len(),
            Self::Int(cells) => cells.len(),
            Self::Float(cells) => cells.len(),
            Self::Time(cells) => cells.len(),
        }
    }

    /// The cell in full, as text.
    fn text(&self, row: usize) -> String {
        let text = match self {
            Self::Text(cells) => cells[row].clone(),
            Self::Int(cells) => cells[row].map(|number| number.to_string()),
            Self::Float(cells) => cells[row].map(float),
            Self::Time(cells) => cells[row].map(|time| time.to_string()),
        };
        text.unwrap_or_default()
    }
}

/// A table by columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// Name and cells of each column.
    pub columns: Vec<(String, Cells)>,
}

impl Sheet {
    /// Adds a column.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, cells: Cells) -> Self {
        self.columns.push((name.into(), cells));
        self
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, cells)| cells.len())
    }

    /// The rows, with the names above them where `head` asks for it.
    pub fn csv(&self, head: bool) -> String {
        let names = self.columns.iter().map(|(name, _)| name);
        let mut text = if head { csv::row(names) } else { String::new() };
        for row in 0..self.rows() {
            text.push_str(&csv::row(self.columns.iter().map(|(_, cells)| cells.text(row))));
        }
        text
    }
}

/// The shortest text that reads back as the same number.
fn float(number: f64) -> String {
    match number {
        _ if number.is_nan() => "NaN".to_owned(),
        f64::INFINITY => "Infinity".to_owned(),
        f64::NEG_INFINITY => "-Infinity".to_owned(),
        _ if number != 0.0 && !(1e-5..1e16).contains(&number.abs()) => format!("{number:e}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_reads_back_as_it_was() {
        let sheet = Sheet::default()
            .with("name", Cells::Text(vec![Some("a,b".into()), None]))
            .with("loss", Cells::Float(vec![Some(0.1), Some(f64::NAN)]))
            .with("step", Cells::Int(vec![Some(1), None]));
        assert_eq!(sheet.csv(true), "name,loss,step\r\n\"a,b\",0.1,1\r\n,NaN,\r\n");
        assert_eq!(sheet.rows(), 2);
    }

    #[test]
    fn numbers_lose_nothing() {
        for number in [1e-300, 0.1 + 0.2, 1.0, -2.5e20, f64::INFINITY] {
            let text = float(number).replace("Infinity", "inf");
            assert_eq!(text.parse::<f64>().ok(), Some(number), "{text}");
        }
    }
}
