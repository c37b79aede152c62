//! One `add_argument` call, and the arguments of `ArgumentParser` itself.

use ruff_python_ast::{Arguments, Expr};
use serde_json::Value;

use super::{
    Action, Argument, Convert, Count,
    facts::Facts,
    literal::{choices, literal},
};

/// What `ArgumentParser(…)` settles.
pub(super) struct Settings {
    pub add_help: bool,
    pub abbreviations: bool,
}

/// Reads the arguments of `ArgumentParser(…)`; nothing where one of them changes the rules.
pub(super) fn settings(arguments: &Arguments, facts: &Facts<'_>) -> Option<Settings> {
    // The only positional worth a thought is `prog`.
    if arguments.args.len() > 1 || arguments.args.iter().any(Expr::is_starred_expr) {
        return None;
    }
    let mut settings = Settings { add_help: true, abbreviations: true };
    for keyword in &arguments.keywords {
        let truth = || literal(&keyword.value, &facts.constants).and_then(|value| value.as_bool());
        match keyword.arg.as_ref()?.as_str() {
            "prog" | "usage" | "description" | "epilog" | "formatter_class" | "suggest_on_error" | "color" => {}
            "add_help" => settings.add_help = truth()?,
            "allow_abbrev" => settings.abbreviations = truth()?,
            "exit_on_error" if truth()? => {}
            _ => return None,
        }
    }
    Some(settings)
}

/// Reads the arguments of one `add_argument(…)`; nothing where one of them cannot be told.
pub(super) fn argument(arguments: &Arguments, facts: &Facts<'_>, line: usize) -> Option<Argument> {
    let mut words = Vec::new();
    for arg in &arguments.args {
        words.push(literal(arg, &facts.constants)?.as_str()?.to_owned());
    }
    let mut argument = Argument {
        flags: Vec::new(),
        dest: String::new(),
        action: Action::Store,
        convert: Convert::Str,
        count: Count::One,
        default: Value::Null,
        constant: Value::Null,
        choices: None,
        required: false,
        help: String::new(),
        line,
    };
    let mut given = Vec::new();
    for keyword in &arguments.keywords {
        let name = keyword.arg.as_ref()?.as_str();
        given.push(name);
        option(&mut argument, name, &keyword.value, facts)?;
    }
    name(&mut argument, words, given.contains(&"required"))?;
    settle(&mut argument, &given)
}

/// One keyword of `add_argument`.
fn option(argument: &mut Argument, name: &str, value: &Expr, facts: &Facts<'_>) -> Option<()> {
    let known = || literal(value, &facts.constants);
    match name {
        "metavar" | "deprecated" => {}
        "help" | "version" => {
            argument.help = known().and_then(|text| text.as_str().map(str::to_owned)).unwrap_or_default()
        }
        "dest" => argument.dest = known()?.as_str()?.to_owned(),
        "default" => argument.default = known()?,
        "const" => argument.constant = known()?,
        "required" => argument.required = known()?.as_bool()?,
        "choices" => {
            argument.choices = if value.is_none_literal_expr() { None } else { Some(choices(value, &facts.constants)?) }
        }
        "type" => argument.convert = convert_of(value)?,
        "action" => {
            argument.action =
                if facts.is_boolean_optional(value) { Action::BooleanOptional } else { action_of(known()?.as_str()?)? };
        }
        "nargs" => argument.count = count_of(&known()?)?,
        _ => return None,
    }
    Some(())
}

fn convert_of(expr: &Expr) -> Option<Convert> {
    match expr {
        Expr::NoneLiteral(_) => Some(Convert::Str),
        Expr::Name(name) => match name.id.as_str() {
            "str" => Some(Convert::Str),
            "int" => Some(Convert::Int),
            "float" => Some(Convert::Float),
            "bool" => Some(Convert::Bool),
            _ => None,
        },
        _ => None,
    }
}

fn action_of(name: &str) -> Option<Action> {
    Some(match name {
        "store" => Action::Store,
        "store_true" => Action::StoreTrue,
        "store_false" => Action::StoreFalse,
        "append" => Action::Append,
        "extend" => Action::Extend,
        "count" => Action::Count,
        "help" => Action::Help,
        "version" => Action::Version,
        _ => return None,
    })
}

fn count_of(value: &Value) -> Option<Count> {
    match value {
        Value::Null => Some(Count::One),
        Value::String(text) => match text.as_str() {
            "?" => Some(Count::Optional),
            "*" => Some(Count::Any),
            "+" => Some(Count::Some),
            _ => None,
        },
        other => {
            other.as_u64().filter(|count| *count > 0).and_then(|count| usize::try_from(count).ok()).map(Count::Exactly)
        }
    }
}

/// Settles flags and the name of the value, as argparse derives them.
fn name(argument: &mut Argument, words: Vec<String>, required_given: bool) -> Option<()> {
    let are_flags = words.first().is_some_and(|word| word.starts_with('-'));
    if !are_flags {
        if words.len() > 1 || required_given {
            return None;
        }
        match (words.into_iter().next(), argument.dest.is_empty()) {
            (Some(word), true) => argument.dest = word,
            (None, false) => {}
            _ => return None,
        }
        return (argument.action == Action::Store).then_some(());
    }
    if !words.iter().all(|word| word.starts_with('-') && word.len() > 1 && !word.contains([' ', '=']))
        || words.iter().any(|word| word == "--")
    {
        return None;
    }
    if argument.dest.is_empty() {
        let long = words.iter().find(|word| word.starts_with("--")).or(words.first())?;
        argument.dest = long.trim_start_matches('-').replace('-', "_");
    }
    argument.flags = words;
    (!argument.dest.is_empty()).then_some(())
}

/// The defaults that an action brings along, and combinations argparse itself would refuse.
fn settle(argument: &mut Argument, given: &[&str]) -> Option<Argument> {
    let given = |name: &str| given.contains(&name);
    let has_default = given("default");
    match argument.action {
        Action::StoreTrue | Action::StoreFalse => {
            if given("type") || given("nargs") || given("choices") || given("const") {
                return None;
            }
            if !has_default {
                argument.default = (argument.action == Action::StoreFalse).into();
            }
        }
        Action::Count | Action::Help | Action::Version => {
            if given("type") || given("nargs") || given("choices") || given("const") {
                return None;
            }
        }
        Action::BooleanOptional => {
            if given("type")
                || given("nargs")
                || given("choices")
                || given("const")
                || !argument.flags.iter().any(|flag| flag.starts_with("--"))
            {
                return None;
            }
            let negated: Vec<_> = argument
                .flags
                .iter()
                .filter_map(|flag| flag.strip_prefix("--"))
                .map(|flag| format!("--no-{flag}"))
                .collect();
            argument.flags.extend(negated);
        }
        // A list of lists is no parameter.
        Action::Append if argument.count != Count::One => return None,
        Action::Extend if argument.count == Count::One || argument.count == Count::Optional => return None,
        Action::Store | Action::Append | Action::Extend => {
            let constant_fits = argument.constant.is_null() || argument.count == Count::Optional;
            let text_list = matches!(argument.action, Action::Append | Action::Extend)
                && !matches!(argument.default, Value::Null | Value::Array(_));
            if !constant_fits || text_list {
                return None;
            }
        }
    }
    Some(argument.clone())
}
