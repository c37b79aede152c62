//! Reading declarations: `param_groups` as Coretex writes them, and the short form `params`.

use mendel_model::limits::{NAME_CHARS, PARAMS_PER_RUN};
use serde_json::Value;

use super::{
    Fault, ListOf, ParamDecl, ParamSchema, ParamType,
    bound::{check_bounds, has_order},
    infer::infer,
    option::read_options,
    value::from_node,
};
use crate::{
    Node, Problem,
    nearest::{nearest, suggestion},
    reader::Reader,
    shape,
};

/// Which of the two forms a declaration has.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Short,
    Group,
}

impl Form {
    fn kind_key(self) -> &'static str {
        match self {
            Self::Short => "type",
            Self::Group => "data_type",
        }
    }

    fn default_key(self) -> &'static str {
        match self {
            Self::Short => "default",
            Self::Group => "value",
        }
    }
}

impl Reader<'_> {
    /// Reads `param_groups` into `schema`.
    pub(crate) fn param_groups(&mut self, node: &Node, schema: &mut ParamSchema) {
        for group in self.items("param_groups", node) {
            let pairs = self.pairs("param_groups", group);
            self.unknown(pairs, &shape::GROUP_KEYS, "a group of parameters");
            let name = group.get("name").map(|node| self.words("name", node)).unwrap_or_default();
            let Some(params) = group.get("params") else { continue };
            for param in self.items("params", params) {
                let pairs = self.pairs("params", param);
                if param.mapping().is_none() {
                    continue;
                }
                self.unknown(pairs, &shape::PARAM_KEYS, "a parameter");
                let Some(key) = param.get("name").filter(|key| !key.is_null(self.dialect)) else {
                    let problem = Problem::error("bad_value", "a parameter without `name`").key("name");
                    self.push(param, problem.hint("give it a `name`"));
                    continue;
                };
                let Some(name_text) = self.text("name", key) else { continue };
                self.declare(Form::Group, &name_text, key, (param, &name), schema);
            }
        }
    }

    /// Reads the short form `params` into `schema`.
    pub(crate) fn short_params(&mut self, node: &Node, schema: &mut ParamSchema) {
        for (key, value) in self.pairs("params", node) {
            let Some(name) = self.text("name", key) else { continue };
            if value.mapping().is_some() {
                self.unknown(value.mapping().unwrap_or_default(), &shape::SHORT_KEYS, "a parameter");
            }
            let group = value.get("group").map(|node| self.words("group", node)).unwrap_or_default();
            self.declare(Form::Short, &name, key, (value, &group), schema);
        }
    }

    /// Reads one declaration: `key` is its name, `body` the rest.
    fn declare(&mut self, form: Form, name: &str, key: &Node, body: (&Node, &str), schema: &mut ParamSchema) {
        let (body, group) = body;
        self.check_name(name, key);
        let is_output = form == Form::Group && group.trim().eq_ignore_ascii_case("outputs");
        let declared = if is_output { &mut schema.outputs } else { &mut schema.inputs };
        let inherited = if is_output { &self.inherited.outputs } else { &self.inherited.inputs };
        if let Some(above) = inherited.iter().find(|decl| decl.name == name).cloned()
            && let Some(decl) = declared.iter_mut().find(|decl| decl.name == name && decl.at == above.at)
        {
            *decl = self.changed(form, above, key, body);
            return;
        }
        if let Some(first) = declared.iter().find(|decl| decl.name == name) {
            let line = first.at.as_ref().map_or(0, |place| place.line);
            let message = format!("the parameter `{name}` is declared twice, on lines {line} and {}", key.line);
            self.push(key, Problem::error("duplicate_param", message).key(name).hint("rename one of them"));
            return;
        }
        if schema.inputs.len() + schema.outputs.len() == PARAMS_PER_RUN {
            let message = format!("more parameters than the limit of {PARAMS_PER_RUN}");
            self.push(key, Problem::error("too_large", message).key(name));
        }
        let decl = self.declaration(form, name, key, body);
        let decl = ParamDecl { group: group.to_owned(), ..decl };
        let declared = if is_output { &mut schema.outputs } else { &mut schema.inputs };
        if declared.len() < PARAMS_PER_RUN {
            declared.push(decl);
        }
    }

    fn check_name(&mut self, name: &str, key: &Node) {
        let fault = if name.trim().is_empty() {
            "a parameter's name is empty".to_owned()
        } else if name.chars().count() > NAME_CHARS {
            format!("a parameter's name has more than {NAME_CHARS} characters")
        } else if name.chars().any(char::is_control) || name.contains("/../") {
            "a parameter's name holds a control character or `/../`".to_owned()
        } else {
            return;
        };
        self.push(key, Problem::error("bad_name", fault).key(name));
    }

    fn declaration(&mut self, form: Form, name: &str, key: &Node, body: &Node) -> ParamDecl {
        // In the short form a value that is no mapping is the default itself.
        let default = match (form, body.mapping()) {
            (Form::Short, None) => Some(body),
            _ => body.get(form.default_key()),
        };
        let kind = self.kind(form, name, body, default);
        let mut decl = ParamDecl::new(name, kind.unwrap_or(ParamType::Str));
        decl.at = Some(self.place(key));
        decl.default_at = default.map(|node| self.place(node));
        for key in ["help", "description"] {
            if let Some(node) = body.get(key).filter(|_| form == Form::Short || key == "description") {
                decl.description = self.words(key, node);
            }
        }
        decl.required = body.get("required").and_then(|node| self.truth("required", node)).unwrap_or(false);
        decl.dynamic = body.get("dynamic").and_then(|node| self.truth("dynamic", node)).unwrap_or(false);
        decl.secret = body.get("secret").and_then(|node| self.truth("secret", node)).unwrap_or(false);
        decl.label = body.get("label").map(|node| self.words("label", node)).unwrap_or_default();
        decl.unit = body.get("unit").map(|node| self.words("unit", node)).unwrap_or_default();
        decl.bind = body.get("bind").and_then(|node| self.bind(name, node));
        if kind.is_some() {
            self.bounds(&mut decl, body);
            self.choices(&mut decl, body, default);
            if let Some(node) = default {
                decl.default = self.value(&decl, node).unwrap_or(Value::Null);
            }
            if let Some(node) = body.get("values") {
                decl.values = self.grid_values(&decl, node);
            }
        }
        decl
    }

    /// A parameter of a folder around with what this one changes: value, values, description.
    fn changed(&mut self, form: Form, above: ParamDecl, key: &Node, body: &Node) -> ParamDecl {
        let name = above.name.clone();
        let default = match (form, body.mapping()) {
            (Form::Short, None) => Some(body),
            _ => body.get(form.default_key()),
        };
        let named = body.get(form.kind_key()).and_then(Node::raw);
        if let Some(other) = named.filter(|named| *named != above.kind.name()) {
            let at = above.at.as_ref().map(crate::Place::line_text).unwrap_or_default();
            let message = format!("`{name}` is {} in the folder around ({at}) and `{other}` here", above.kind);
            let hint = "a child may change a parameter's value, not its type";
            self.push(key, Problem::error("bad_value", message).key(&*name).hint(hint));
            return above;
        }
        let mut decl = ParamDecl { at: Some(self.place(key)), ..above };
        if let Some(node) = default {
            decl.default = self.value(&decl, node).unwrap_or(Value::Null);
            decl.default_at = Some(self.place(node));
        }
        if let Some(node) = body.get("values") {
            decl.values = self.grid_values(&decl, node);
        }
        if let Some(node) = body.get("description").or(body.get("help").filter(|_| form == Form::Short)) {
            decl.description = self.words("description", node);
        }
        decl
    }

    /// The type a declaration names, else the one its default suggests.
    fn kind(&mut self, form: Form, name: &str, body: &Node, default: Option<&Node>) -> Option<ParamType> {
        let named = body.get(form.kind_key()).filter(|node| !node.is_null(self.dialect));
        if let Some(node) = named {
            let text = self.text(form.kind_key(), node)?;
            let kind = ParamType::named(&text);
            if kind.is_none() {
                let problem = Problem::error("unknown_type", format!("`{name}` has the unknown type `{text}`"));
                self.push(node, problem.key(name).hint(type_hint(&text)));
            }
            return kind;
        }
        if form == Form::Short && default.is_none_or(|node| node.raw().is_some()) && body.get("choices").is_some() {
            let texts = body.get("choices").and_then(Node::sequence).is_some_and(|items| {
                items.iter().all(|item| matches!(item.scalar(self.dialect), Some(crate::Scalar::Str(_))))
            });
            if texts {
                return Some(ParamType::Enum);
            }
        }
        match infer(default, self.dialect) {
            Ok(kind) => Some(kind),
            Err(fault) => {
                self.fault(name, default.unwrap_or(body), fault);
                None
            }
        }
    }

    fn bind(&mut self, name: &str, node: &Node) -> Option<String> {
        let text = self.text("bind", node)?;
        if text.split_once('/').is_none_or(|(stage, key)| stage.is_empty() || key.is_empty()) {
            let message = format!("`bind` of `{name}` expects `stage/key`, got `{text}`");
            self.push(node, Problem::error("bad_value", message).key(name));
            return None;
        }
        Some(text)
    }

    fn bounds(&mut self, decl: &mut ParamDecl, body: &Node) {
        decl.min = body.get("min").and_then(|node| self.number("min", node));
        decl.max = body.get("max").and_then(|node| self.number("max", node));
        for key in ["min", "max"] {
            if let Some((key_node, _)) = body.pair(key).filter(|_| !has_order(decl.kind)) {
                let message = format!("`{key}` means nothing for `{}`, which is {}", decl.name, decl.kind);
                self.push(key_node, Problem::warning("unknown_key", message).key(&*decl.name));
            }
        }
        if let (Some(min), Some(max), Some(node)) = (decl.min, decl.max, body.get("max"))
            && min > max
        {
            let message = format!("`{}` has a `min` of {min} above its `max` of {max}", decl.name);
            self.push(node, Problem::error("bad_value", message).key(&*decl.name));
        }
    }

    /// The options of an enum, from `choices` or from its value; the allowed values of other types.
    fn choices(&mut self, decl: &mut ParamDecl, body: &Node, default: Option<&Node>) {
        let is_enum = matches!(decl.kind, ParamType::Enum | ParamType::List(ListOf::Enum));
        let choices = body.get("choices").filter(|node| !node.is_null(self.dialect));
        let options = if is_enum { choices.or(default.and_then(|node| node.get("options"))) } else { None };
        if let Some(node) = options {
            match read_options(node, self.dialect) {
                Ok(options) => decl.choices = options,
                // A mapping's own options are reported with its value.
                Err(fault) if choices.is_some() => self.fault(&decl.name, node, fault),
                Err(_) => {}
            }
        } else if is_enum {
            if choices.is_none() && (decl.required || default.is_some_and(|node| !node.is_null(self.dialect))) {
                let fault = Fault::new("is an enum without options");
                if default.and_then(Node::mapping).is_none() {
                    let hint = "write `choices: [a, b]`, or a value with `selected` and `options`";
                    self.fault(&decl.name, default.unwrap_or(body), fault.hint(hint));
                }
            }
        } else if let Some(node) = choices {
            let element = decl.kind.element().unwrap_or(decl.kind);
            for item in self.items("choices", node) {
                match from_node(element, &[], item, self.dialect) {
                    Ok(value) => decl.choices.push(value),
                    Err(fault) => self.fault(&decl.name, item, fault),
                }
            }
        }
    }

    /// The value `node` gives the parameter `decl`, checked.
    pub(crate) fn value(&mut self, decl: &ParamDecl, node: &Node) -> Option<Value> {
        let checked = from_node(decl.kind, &decl.choices, node, self.dialect)
            .and_then(|value| check_bounds(decl, &value).map(|()| value));
        match checked {
            Ok(value) => Some(value),
            Err(fault) => {
                self.fault(&decl.name, node, fault);
                None
            }
        }
    }

    /// The values a grid takes when asked for without values.
    pub(crate) fn grid_values(&mut self, decl: &ParamDecl, node: &Node) -> Vec<Value> {
        if node.raw() == Some("*") && !decl.choices.is_empty() {
            return decl.choices.clone();
        }
        let items = self.items("values", node);
        if items.is_empty() && node.sequence().is_some() {
            let message = format!("`values` of `{}` is empty", decl.name);
            self.push(node, Problem::error("bad_value", message).key(&*decl.name).hint("name one value or more"));
        }
        if items.len() > 1 && !decl.kind.is_sweepable() {
            self.fault(&decl.name, node, not_sweepable(decl));
            return Vec::new();
        }
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            let is_list = decl.kind.element().is_none() || item.sequence().is_some() || item.mapping().is_some();
            if !is_list {
                self.fault(&decl.name, item, not_sweepable(decl));
                return Vec::new();
            }
            values.extend(self.value(decl, item));
        }
        values
    }
}

/// Why several values of a parameter do not make several runs.
pub(crate) fn not_sweepable(decl: &ParamDecl) -> Fault {
    let name = &decl.name;
    let (message, hint) = match decl.kind {
        ParamType::List(_) => (
            format!("is a {}: several values of it are one list (not_sweepable)", decl.kind),
            format!("give one list with `--set {name}=1,2`, several as `--grid {name}=[1],[1,2]`"),
        ),
        kind => (
            format!("is a {kind}, which takes one value only (not_sweepable)"),
            format!("give one with `--set {name}=…`"),
        ),
    };
    Fault { code: "not_sweepable", ..Fault::new(message).hint(hint) }
}

/// The nearest type to a word, also by the names other systems use.
fn type_hint(text: &str) -> String {
    let known = match text.to_lowercase().as_str() {
        "string" | "text" => Some("str"),
        "integer" | "long" => Some("int"),
        "number" | "double" | "real" => Some("float"),
        "boolean" | "flag" => Some("bool"),
        "choice" | "option" => Some("enum"),
        "list" | "array" => return "name what it holds, such as `list[int]` or `list[str]`".to_owned(),
        "path" => Some("file"),
        _ => None,
    };
    let names: Vec<_> = ParamType::all().map(ParamType::name).collect();
    match known.or_else(|| nearest(text, names.iter().copied())) {
        Some(found) => format!("did you mean `{found}`?"),
        None => suggestion("", names),
    }
}
