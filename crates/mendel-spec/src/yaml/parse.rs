//! From text to nodes, within the limits L13.

use std::{collections::HashMap, path::Path, sync::Arc};

use mendel_model::limits::{YAML_BYTES, YAML_DEPTH, YAML_NODES};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::{Content, Document, Node};
use crate::{Place, Problem, Problems};

/// Bytes of text after aliases are expanded; what keeps a small file from filling the memory.
const EXPANDED_BYTES: usize = 16 << 20;

/// A node that is complete, with what it weighs once its aliases are expanded.
#[derive(Clone)]
struct Built {
    node: Node,
    nodes: usize,
    bytes: usize,
    height: usize,
}

/// A list or mapping that is not complete yet.
struct Open {
    mark: Marker,
    mapping: bool,
    anchor: usize,
    tag: Option<Arc<str>>,
    items: Vec<Node>,
    nodes: usize,
    bytes: usize,
    height: usize,
}

struct Builder<'a> {
    file: &'a Arc<str>,
    open: Vec<Open>,
    anchors: HashMap<usize, Built>,
    nodes: usize,
    bytes: usize,
    root: Option<Node>,
    documents: usize,
}

impl Document {
    /// Reads the file at `path`, called `name` in messages.
    pub fn read(path: &Path, name: &str) -> Result<Self, Problems> {
        let unreadable = |source: std::io::Error| {
            Problem::error("unreadable", format!("cannot read `{name}`: {source}")).in_file(name)
        };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|source| {
            let good = &source.as_bytes()[..source.utf8_error().valid_up_to()];
            let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = good.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
            Problem::error("yaml_syntax", "the file is not UTF-8 text")
                .at(&Place { file: name.into(), line, column })
                .hint("save it as UTF-8")
        })?;
        Self::parse(name, &text)
    }

    /// Reads `text`, called `name` in messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problems> {
        let file: Arc<str> = name.into();
        if text.len() > YAML_BYTES {
            let message = format!("the file has {} bytes, more than the limit of {YAML_BYTES}", text.len());
            return Err(Problem::error("yaml_limit", message).in_file(name).into());
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut builder = Builder {
            file: &file,
            open: Vec::new(),
            anchors: HashMap::new(),
            nodes: 0,
            bytes: 0,
            root: None,
            documents: 0,
        };
        let mut parser = Parser::new_from_str(text);
        loop {
            let step = match parser.next_event() {
                None => break,
                Some(Ok((event, span))) => builder.event(event, span.start),
                Some(Err(error)) => Err(syntax(&file, text, error.marker(), error.info())),
            };
            step.map_err(|problem| problem.show(text))?;
        }
        let root = builder.root;
        Ok(Self { text: text.into(), root, file })
    }
}

fn place(file: &Arc<str>, mark: Marker) -> Place {
    Place { file: file.clone(), line: mark.line().max(1), column: mark.col() + 1 }
}

fn too_deep(at: &Place) -> Problem {
    let message = format!("lists and mappings are nested deeper than the limit of {YAML_DEPTH}");
    Problem::error("yaml_limit", message).at(at)
}

/// A syntax error. A tab that indents is named, as it cannot be seen.
fn syntax(file: &Arc<str>, text: &str, mark: &Marker, info: &str) -> Problem {
    let mut place = place(file, *mark);
    if info.contains("recursion limit") {
        return too_deep(&place);
    }
    let lines: Vec<&str> = text.lines().collect();
    if place.line > lines.len() {
        // The end of the file is shown as the end of its last line.
        place.line = lines.len().max(1);
        place.column = lines.last().map_or(0, |line| line.chars().count()) + 1;
    }
    let blank = |line: &str| line.len() - line.trim_start().len();
    let tab = |line: &str| line[..blank(line)].find('\t');
    let from = place.line - 1;
    // A text that goes on over lines is marked where it begins; the tab stands further down.
    let reach = if info.contains("tab") { lines.len() } else { lines.len().min(place.line) };
    if let Some((index, column)) = (from..reach).find_map(|index| Some((index, tab(lines[index])?))) {
        place.line = index + 1;
        place.column = column + 1;
        return Problem::error("yaml_syntax", "a tab cannot indent").at(&place).hint("indent with spaces");
    }
    let line = lines.get(from).copied().unwrap_or_default();
    let hint = if line.trim_start().starts_with("- ") {
        // The fault is the dash, not what follows it.
        place.column = place.column.min(blank(line) + 1);
        "a list item cannot stand here: indent it below its key, or give that key no other value"
    } else if info.contains("mapping values") {
        "quote a text that contains `: `, or check the indentation"
    } else {
        "check the indentation, brackets and quotes here and on the line above"
    };
    let info = info.replace("double-quoted scalar", "a quoted text");
    Problem::error("yaml_syntax", format!("not valid YAML: {info}")).at(&place).hint(hint)
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, mark: Marker) -> Result<(), Problem> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    let message = "a second document begins here; the file may hold one";
                    return Err(Problem::error("yaml_syntax", message).at(&place(self.file, mark)));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                let tag = self.tag(tag.as_deref(), mark)?;
                let bytes = text.len();
                let plain = style == ScalarStyle::Plain;
                let content = Content::Scalar { text: text.into_owned(), plain };
                self.complete(self.node(mark, tag, content), anchor, (1, bytes, 0))
            }
            Event::SequenceStart(anchor, tag) => self.start(mark, false, anchor, tag.as_deref()),
            Event::MappingStart(anchor, tag) => self.start(mark, true, anchor, tag.as_deref()),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(id) => self.alias(id, mark),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn node(&self, mark: Marker, tag: Option<Arc<str>>, content: Content) -> Node {
        let place = place(self.file, mark);
        Node { line: place.line, column: place.column, tag, content: Arc::new(content) }
    }

    /// The tag as the reader keeps it. Tags that would make objects are refused.
    fn tag(&self, tag: Option<&Tag>, mark: Marker) -> Result<Option<Arc<str>>, Problem> {
        let Some(tag) = tag else { return Ok(None) };
        let core = ["str", "int", "float", "bool", "null", "seq", "map", "timestamp"];
        if tag.is_yaml_core_schema() && core.contains(&tag.suffix.as_str()) {
            return Ok(Some(tag.suffix.as_str().into()));
        }
        let local = format!("{}{}", tag.handle, tag.suffix);
        match local.as_str() {
            "!" => Ok(Some("str".into())),
            "!env" | "!delete" => Ok(Some(local.into())),
            _ => Err(Problem::error("yaml_tag", format!("the tag `{local}` is not known here"))
                .at(&place(self.file, mark))
                .hint("values are plain data: numbers, text, true, false, null, lists and mappings")),
        }
    }

    fn start(&mut self, mark: Marker, mapping: bool, anchor: usize, tag: Option<&Tag>) -> Result<(), Problem> {
        let tag = self.tag(tag, mark)?;
        self.depth(self.open.len() + 1, mark)?;
        self.count(1, 0, mark)?;
        self.open.push(Open { mark, mapping, anchor, tag, items: Vec::new(), nodes: 1, bytes: 0, height: 0 });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let content = if open.mapping {
            let mut pairs = Vec::with_capacity(open.items.len() / 2);
            let mut items = open.items.into_iter();
            while let (Some(key), Some(value)) = (items.next(), items.next()) {
                if !matches!(*key.content, Content::Scalar { .. }) {
                    let message = "a key must be a single word or text";
                    let at = Place { file: self.file.clone(), line: key.line, column: key.column };
                    return Err(Problem::error("yaml_syntax", message).at(&at));
                }
                pairs.push((key, value));
            }
            Content::Mapping(pairs)
        } else {
            Content::Sequence(open.items)
        };
        // A mapping begins where its first key does, also where the parser marks the colon.
        let mut node = self.node(open.mark, open.tag, content);
        if let Content::Mapping(pairs) = &*node.content
            && let Some((key, _)) = pairs.first()
            && (key.line, key.column) < (node.line, node.column)
        {
            (node.line, node.column) = (key.line, key.column);
        }
        self.store(Built { node, nodes: open.nodes, bytes: open.bytes, height: open.height + 1 }, open.anchor)
    }

    fn alias(&mut self, id: usize, mark: Marker) -> Result<(), Problem> {
        let Some(built) = self.anchors.get(&id).cloned() else {
            let message = "an alias stands inside the value it names";
            return Err(Problem::error("yaml_limit", message).at(&place(self.file, mark)));
        };
        self.depth(self.open.len() + built.height, mark)?;
        self.count(built.nodes, built.bytes, mark)?;
        let at = place(self.file, mark);
        let node = Node { line: at.line, column: at.column, ..built.node.clone() };
        self.store(Built { node, ..built }, 0)
    }

    fn complete(&mut self, node: Node, anchor: usize, weight: (usize, usize, usize)) -> Result<(), Problem> {
        let (nodes, bytes, height) = weight;
        self.nodes += nodes;
        self.bytes += bytes;
        self.check(&node)?;
        self.store(Built { node, nodes, bytes, height }, anchor)
    }

    fn store(&mut self, built: Built, anchor: usize) -> Result<(), Problem> {
        if anchor > 0 {
            self.anchors.insert(anchor, built.clone());
        }
        match self.open.last_mut() {
            Some(open) => {
                open.nodes += built.nodes;
                open.bytes += built.bytes;
                open.height = open.height.max(built.height);
                open.items.push(built.node);
            }
            None => self.root = Some(built.node),
        }
        Ok(())
    }

    fn depth(&self, depth: usize, mark: Marker) -> Result<(), Problem> {
        if depth <= YAML_DEPTH {
            return Ok(());
        }
        Err(too_deep(&place(self.file, mark)))
    }

    fn count(&mut self, nodes: usize, bytes: usize, mark: Marker) -> Result<(), Problem> {
        self.nodes += nodes;
        self.bytes += bytes;
        self.within(&place(self.file, mark))
    }

    fn check(&self, node: &Node) -> Result<(), Problem> {
        self.within(&Place { file: self.file.clone(), line: node.line, column: node.column })
    }

    fn within(&self, at: &Place) -> Result<(), Problem> {
        let message = if self.nodes > YAML_NODES {
            format!("the file has more than {YAML_NODES} values once its aliases are expanded")
        } else if self.bytes > EXPANDED_BYTES {
            format!("the file has more than {EXPANDED_BYTES} bytes once its aliases are expanded")
        } else {
            return Ok(());
        };
        Err(Problem::error("yaml_limit", message).at(at))
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
