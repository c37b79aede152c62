//! Which of the stored results are computed again.

use std::{cmp::Reverse, collections::HashSet, str::FromStr};

use mendel_model::{Canonical, StepResult};

/// How many results are wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample {
    /// So many of a hundred; one at least.
    Share(f64),
    /// So many.
    Number(usize),
}

impl FromStr for Sample {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is neither a share such as `1%` nor a number of results");
        match text.strip_suffix('%') {
            Some(share) => {
                let share: f64 = share.trim().parse().map_err(|_| wrong())?;
                let is_share = share > 0.0 && share <= 100.0;
                is_share.then_some(Self::Share(share)).ok_or_else(|| "a share lies above 0% and up to 100%".to_owned())
            }
            None => match text.parse() {
                Ok(0) | Err(_) => Err(wrong()),
                Ok(number) => Ok(Self::Number(number)),
            },
        }
    }
}

impl Sample {
    /// The results of that sample, by run; each meaning once. A seed always chooses the same.
    pub fn choose<'r>(&self, stored: &'r [(i64, StepResult)], seed: u64) -> Vec<&'r (i64, StepResult)> {
        let wanted = match *self {
            Self::Share(share) => ((stored.len() as f64 * share / 100.0).ceil() as usize).max(1),
            Self::Number(number) => number,
        };
        let rank = |(_, result): &&(i64, StepResult)| {
            let mut form = Canonical::new("audit");
            form.text(&seed.to_string()).text(&result.key.to_string()).text(&result.step);
            form.finish().to_string()
        };
        let mut chosen: Vec<_> = stored.iter().collect();
        // The newest of several results of one key stands for them.
        chosen.sort_by_key(|(run, result)| (result.key, Reverse(*run)));
        let mut seen = HashSet::new();
        chosen.retain(|(_, result)| seen.insert((result.key, result.step.clone())));
        chosen.sort_by_cached_key(rank);
        chosen.truncate(wanted);
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_a_share_or_a_number() {
        assert_eq!("1%".parse(), Ok(Sample::Share(1.0)));
        assert_eq!("0.5 %".parse(), Ok(Sample::Share(0.5)));
        assert_eq!("12".parse(), Ok(Sample::Number(12)));
        for wrong in ["0", "0%", "101%", "-1", "some", ""] {
            assert!(wrong.parse::<Sample>().is_err(), "{wrong}");
        }
    }
}
