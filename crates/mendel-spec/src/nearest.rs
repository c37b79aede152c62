//! The nearest right word to a wrong one.

/// The candidate nearest to `word`, if one is near enough to be meant.
///
/// Near means at most two edits and fewer than half the word's letters (one at least),
/// or a common beginning of four letters; ties go to the alphabetically first.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let allowed = (lower.chars().count() / 2).clamp(1, 2);
    candidates
        .into_iter()
        .filter(|candidate| !candidate.is_empty())
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let distance = strsim::damerau_levenshtein(&lower, &other);
            let shared = lower.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
            (distance <= allowed || shared >= 4).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// ``did you mean `x`?`` for the nearest candidate, else the list of them.
pub(crate) fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(found) => format!("did you mean `{found}`?"),
        None => {
            let mut known: Vec<String> = candidates.into_iter().map(|name| format!("`{name}`")).collect();
            let left = known.len().saturating_sub(20);
            known.truncate(20);
            match (known.is_empty(), left) {
                (true, _) => String::new(),
                (false, 0) => format!("known: {}", known.join(", ")),
                (false, left) => format!("known: {} and {left} more", known.join(", ")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_the_word_meant() {
        assert_eq!(nearest("lerning_rate", ["learning_rate", "steps"]), Some("learning_rate"));
        assert_eq!(nearest("data_byte", ["data_type", "value"]), Some("data_type"));
        assert_eq!(nearest("LR", ["lr"]), Some("lr"));
        assert_eq!(nearest("zzz", ["learning_rate", "steps"]), None);
    }
}
