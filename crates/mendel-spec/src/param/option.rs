//! Which option of an `enum` is meant: by its text or by its index.

use serde_json::Value;

use super::Fault;
use crate::{Dialect, Node, Scalar, nearest::suggestion};

/// The options of an enum as they are written: a list of texts that are not empty.
pub(crate) fn read_options(node: &Node, dialect: Dialect) -> Result<Vec<Value>, Fault> {
    let Some(items) = node.sequence() else {
        return Err(Fault::new(format!("needs a list of options, got {}", node.shown(dialect))).at(node));
    };
    if items.is_empty() {
        return Err(Fault::new("has an empty list of options").at(node));
    }
    let mut options = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.scalar(dialect) {
            Some(Scalar::Str(text)) if !text.is_empty() => {
                let option = Value::String(text);
                if options.contains(&option) {
                    return Err(Fault::new(format!("has the option {option} twice")).at(item));
                }
                options.push(option);
            }
            Some(Scalar::Str(_)) => return Err(Fault::new(format!("has an empty option {index}")).at(item)),
            _ => {
                let fault = Fault::new(format!("has option {index} that is not text: {}", item.shown(dialect)));
                let text = item.raw().unwrap_or("…");
                return Err(fault.hint(format!("quote it: \"{text}\"")).at(item));
            }
        }
    }
    Ok(options)
}

/// The option at `index`.
pub(crate) fn by_index(index: i128, options: &[Value]) -> Result<Value, Fault> {
    usize::try_from(index).ok().and_then(|index| options.get(index)).cloned().ok_or_else(|| {
        let last = options.len().saturating_sub(1);
        let fault = Fault::new(format!("has no option {index}; the index runs from 0 to {last}"));
        if options.is_empty() { Fault::new("declares no options to choose from") } else { fault }
    })
}

/// The option with that text, else the one at the index the text spells.
///
/// A text that is an option means that option, also where it looks like an index.
pub(crate) fn by_text(text: &str, options: &[Value]) -> Result<Value, Fault> {
    if let Some(option) = options.iter().find(|option| option.as_str() == Some(text)) {
        return Ok(option.clone());
    }
    if let Ok(index) = text.trim().parse::<i64>() {
        return by_index(index.into(), options);
    }
    if options.is_empty() {
        return Err(Fault::new("declares no options to choose from"));
    }
    let known = options.iter().filter_map(Value::as_str);
    let list: Vec<_> = known.clone().map(|option| format!("`{option}`")).collect();
    let fault = Fault::expects(format_args!("one of {}", list.join(", ")), format_args!("`{text}`"));
    Err(match crate::nearest(text, known.clone()) {
        Some(_) => fault.hint(suggestion(text, known)),
        None => fault,
    })
}
