//! Which inputs `input_ids` names: a number, an expression such as `1,3-5`, or a list.

use std::{collections::BTreeSet, sync::Arc};

use mendel_model::{InputId, limits::INPUTS_PER_TASK};

use crate::{Node, Problem, Scalar, reader::Reader};

const TOO_LARGE: &str = "has more than 64 bits";

/// What one token of an expression names.
#[derive(Debug, PartialEq)]
enum Token {
    One(InputId),
    Range(i64, i64),
}

impl Reader<'_> {
    /// The inputs that `node` names, sorted and without duplicates.
    pub(crate) fn input_ids(&mut self, node: &Node) -> Arc<[InputId]> {
        let mut ids = BTreeSet::new();
        match (node.sequence(), node.scalar(self.dialect)) {
            (Some(items), _) => {
                for item in items {
                    ids.extend(self.element(item));
                }
            }
            (None, Some(Scalar::Null)) => {}
            (None, Some(Scalar::Int(number))) => ids.extend(self.whole(node, number)),
            (None, Some(Scalar::BigInt(digits))) => self.bad_token(node, &digits, TOO_LARGE),
            (None, Some(Scalar::Str(text) | Scalar::Date(text))) => self.expression(node, &text, &mut ids),
            _ => {
                let message = format!("`input_ids` expects a number, text or a list, got {}", node.shown(self.dialect));
                let problem = Problem::error("bad_input_id", message).key("input_ids");
                self.push(node, problem.hint("write `5`, `'1,3-5'` or `[a, b]`"));
            }
        }
        let numbers = ids.iter().filter(|id| matches!(id, InputId::Int(_))).count();
        if numbers > 0 && numbers < ids.len() {
            let message = "`input_ids` mixes numbers and texts: the numbers come first";
            self.push(node, Problem::warning("mixed_input_ids", message).key("input_ids"));
        }
        ids.into_iter().collect()
    }

    fn expression(&mut self, node: &Node, text: &str, ids: &mut BTreeSet<InputId>) {
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match token(part) {
                Ok(Token::One(id)) => {
                    ids.insert(id);
                }
                Ok(Token::Range(first, last)) if last.abs_diff(first) < INPUTS_PER_TASK as u64 => {
                    ids.extend((first..=last).map(InputId::Int));
                }
                Ok(Token::Range(..)) => self.bad_token(node, part, &too_many()),
                Err(fault) => self.bad_token(node, part, fault),
            }
        }
        if ids.len() > INPUTS_PER_TASK {
            let problem = Problem::error("too_large", too_many()).key("input_ids");
            self.push(node, problem);
        }
    }

    fn bad_token(&mut self, node: &Node, token: &str, fault: &str) {
        let problem = Problem::error("bad_input_id", format!("the input id `{token}` {fault}")).key("input_ids");
        self.push(node, problem.hint("a range is written `1-4`; a text that looks like one stands in a list"));
    }

    /// An element of a list: taken as it is.
    fn element(&mut self, item: &Node) -> Option<InputId> {
        match item.scalar(self.dialect) {
            Some(Scalar::Int(number)) => self.whole(item, number),
            Some(Scalar::BigInt(digits)) => {
                self.bad_token(item, &digits, TOO_LARGE);
                None
            }
            Some(Scalar::Str(text) | Scalar::Date(text)) => Some(InputId::Text(text)),
            _ => {
                let message = format!("an input id is a number or a text, got {}", item.shown(self.dialect));
                let hint = item.raw().map_or_else(String::new, |raw| format!("quote it: \"{raw}\""));
                self.push(item, Problem::error("bad_input_id", message).key("input_ids").hint(hint));
                None
            }
        }
    }

    fn whole(&mut self, node: &Node, number: i128) -> Option<InputId> {
        let id = i64::try_from(number).ok().map(InputId::Int);
        if id.is_none() {
            self.bad_token(node, &number.to_string(), TOO_LARGE);
        }
        id
    }
}

fn too_many() -> String {
    format!("names more than {INPUTS_PER_TASK} inputs")
}

/// Reads one token: digits, a range of digits, else a text.
fn token(text: &str) -> Result<Token, &'static str> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| part.parse::<i64>().map_err(|_| TOO_LARGE);
    if digits(text) {
        return Ok(Token::One(InputId::Int(number(text)?)));
    }
    let Some((first, last)) = text.split_once('-') else { return Ok(Token::One(text.into())) };
    let (first, last) = (first.trim(), last.trim());
    match (digits(first), digits(last)) {
        (true, true) => {
            let (first, last) = (number(first)?, number(last)?);
            if first < last {
                Ok(Token::Range(first, last))
            } else {
                Err("is a range whose end is not above its start")
            }
        }
        (true, false) if last.is_empty() => Err("is a range without an end"),
        (false, true) if first.is_empty() => Err("is a range without a start"),
        _ => Ok(Token::One(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::{Dialect, Document};

    fn read(text: &str) -> (Value, Vec<String>) {
        let document = Document::parse("task.yml", text).unwrap();
        let mut reader = Reader::new(&document, Dialect::Yaml11);
        let ids = reader.input_ids(document.root.as_ref().unwrap());
        let problems = reader.problems.iter().map(|problem| problem.message.clone()).collect();
        (serde_json::to_value(&*ids).unwrap(), problems)
    }

    #[test]
    fn rp_35_every_way_to_write_input_ids() {
        for (text, ids) in [
            ("5", json!([5])),
            ("-3", json!([-3])),
            ("'1,2-4'", json!([1, 2, 3, 4])),
            ("1,2-4", json!([1, 2, 3, 4])),
            ("'1, 2 ,2'", json!([1, 2])),
            ("'4 - 6'", json!([4, 5, 6])),
            ("',, 7,'", json!([7])),
            ("''", json!([])),
            ("~", json!([])),
            ("'01'", json!([1])),
            ("'a-b'", json!(["a-b"])),
            ("'img-1,img-2'", json!(["img-1", "img-2"])),
            ("[3, 1, 1]", json!([1, 3])),
            ("[10, 9]", json!([9, 10])),
            ("['b', 'a']", json!(["a", "b"])),
            ("['1-3', 'x,y', '1']", json!(["1", "1-3", "x,y"])),
            ("[]", json!([])),
            ("2001-01-02", json!(["2001-01-02"])),
        ] {
            assert_eq!(read(text), (ids, vec![]), "{text}");
        }
    }

    #[test]
    fn rp_35_a_bad_token_is_named_and_the_good_ones_are_kept() {
        for token in ["4-2", "3-3", "3-", "-3", "99999999999999999999", "1-2000000"] {
            let (ids, problems) = read(&format!("'1,{token},9'"));
            assert_eq!(ids, json!([1, 9]), "{token}");
            assert_eq!(problems.len(), 1, "{token}");
            assert!(problems[0].contains(&format!("`{token}`")), "{problems:?}");
        }
        assert_eq!(read("'4-2,3-'").1.len(), 2);
    }

    #[test]
    fn rp_35_numbers_and_texts_may_be_mixed_with_a_warning_and_nothing_else_may_stand() {
        for text in ["'b,10,9'", "[b, 10, 9]"] {
            let (ids, problems) = read(text);
            assert_eq!(ids, json!([9, 10, "b"]), "{text}");
            assert!(problems[0].contains("mixes numbers and texts"), "{problems:?}");
        }
        for text in ["1.5", "true", "{a: 1}", "[1.5]", "[true]", "[~]", "[[1]]"] {
            let (ids, problems) = read(text);
            assert_eq!((ids, problems.len()), (json!([]), 1), "{text}");
        }
    }

    proptest! {
        #[test]
        fn rp_35_an_expression_means_the_sorted_set_of_its_ranges(ranges in prop::collection::vec((0..50i64, 1..9i64), 0..6)) {
            let text: Vec<_> = ranges.iter().map(|(first, more)| format!("{first}-{}", first + more)).collect();
            let all: BTreeSet<_> = ranges.iter().flat_map(|(first, more)| *first..=first + more).collect();
            let (ids, problems) = read(&format!("'{}'", text.join(", ")));
            prop_assert_eq!(ids, json!(all));
            prop_assert!(problems.is_empty());
        }

        #[test]
        fn rp_35_no_expression_panics(text in "[-0-9a-z, ]{0,16}") {
            read(&format!("'{text}'"));
        }
    }
}
