//! What configurations mean: the identity of each, through sharing and cycles.
//!
//! A configuration is written by its class and its fields that count; one within another by
//! its own identity. One that reaches itself is written, from where it is entered, as the
//! distance upwards; so the digest of a member of a cycle holds only where the cycle is
//! entered, and is kept only there.

use std::collections::HashMap;

use super::{
    Configuration, ConfigurationField, Configurations, FieldValue, LeftOut, Mark, Rule, cycles::components, form::Form,
};
use crate::{
    Digest, Identity,
    limits::{CONFIGURATION_DEPTH, CONFIGURATION_VISITS},
};

/// Configurations whose identity would take for ever, or more stack than there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooEntangled {
    #[error("configurations lie more than {CONFIGURATION_DEPTH} deep within each other")]
    Depth,
    #[error("configurations refer to each other in too many ways: {CONFIGURATION_VISITS} were followed")]
    Visits,
}

/// Computes identities of one graph, each part once.
#[derive(Debug)]
pub struct Meaning<'a> {
    pub(super) graph: &'a Configurations,
    groups: Vec<usize>,
    pub(super) in_cycle: Vec<bool>,
    /// Whether an object whose sharing counts is reached.
    shares: Vec<bool>,
    own: Vec<Option<Digest>>,
    visits: usize,
    depth: usize,
}

/// The configurations that are being written, outermost first.
#[derive(Default)]
struct Path {
    objects: Vec<usize>,
    groups: HashMap<usize, usize>,
}

impl Path {
    fn holds_group(&self, group: usize) -> bool {
        self.groups.get(&group).is_some_and(|count| *count > 0)
    }

    fn distance(&self, object: usize) -> Option<usize> {
        self.objects.iter().rev().position(|other| *other == object).map(|steps| steps + 1)
    }
}

impl<'a> Meaning<'a> {
    /// Begins with the structure of the graph.
    pub fn of(graph: &'a Configurations) -> Self {
        let edges: Vec<Vec<usize>> = (0..graph.len()).map(|index| neighbours(graph.get(index))).collect();
        let groups = components(&edges);
        let mut sizes = HashMap::new();
        groups.iter().for_each(|group| *sizes.entry(*group).or_insert(0_usize) += 1);
        let in_cycle = (0..edges.len()).map(|one| sizes[&groups[one]] > 1 || edges[one].contains(&one)).collect();
        let mut meaning = Self {
            graph,
            groups,
            in_cycle,
            shares: vec![false; edges.len()],
            own: vec![None; edges.len()],
            visits: 0,
            depth: 0,
        };
        meaning.shares = meaning.reach_shared(&edges);
        meaning
    }

    /// The identity of the configuration at `index`.
    pub fn identity(&mut self, index: usize) -> Result<Identity, TooEntangled> {
        let own = self.fresh(index)?;
        Ok(Identity::of_configuration(if self.shares[index] { self.with_sharing(index, own)? } else { own }))
    }

    /// The digest of the configuration at `index` if it was computed and is the same wherever it stands.
    pub fn settled(&self, index: usize) -> Option<Digest> {
        if self.in_cycle[index] || self.shares[index] { None } else { self.own[index] }
    }

    /// Whether each field of the configuration at `index` counts, or why not.
    pub fn weigh(&mut self, index: usize) -> Result<Vec<(String, Option<LeftOut>)>, TooEntangled> {
        let graph = self.graph;
        let mut path = Path::default();
        self.enter(index, &mut path);
        graph
            .get(index)
            .fields
            .iter()
            .map(|field| Ok((field.name.clone(), self.field(field, &mut path)?.err())))
            .collect()
    }

    fn reach_shared(&self, edges: &[Vec<usize>]) -> Vec<bool> {
        let mut back = vec![Vec::new(); edges.len()];
        for (from, targets) in edges.iter().enumerate() {
            targets.iter().for_each(|to| back[*to].push(from));
        }
        let mut reached: Vec<bool> = (0..edges.len()).map(|one| self.graph.get(one).sharing_counts).collect();
        let mut todo: Vec<usize> = (0..edges.len()).filter(|one| reached[*one]).collect();
        while let Some(one) = todo.pop() {
            for from in &back[one] {
                if !std::mem::replace(&mut reached[*from], true) {
                    todo.push(*from);
                }
            }
        }
        reached
    }

    fn enter(&self, index: usize, path: &mut Path) {
        path.objects.push(index);
        *path.groups.entry(self.groups[index]).or_default() += 1;
    }

    fn leave(&self, index: usize, path: &mut Path) {
        path.objects.pop();
        *path.groups.entry(self.groups[index]).or_default() -= 1;
    }

    pub(super) fn fresh(&mut self, index: usize) -> Result<Digest, TooEntangled> {
        self.digest(index, &mut Path::default())
    }

    fn digest(&mut self, index: usize, path: &mut Path) -> Result<Digest, TooEntangled> {
        let entered = !path.holds_group(self.groups[index]);
        if let (true, Some(known)) = (entered, self.own[index]) {
            return Ok(known);
        }
        self.visits += 1;
        if self.visits > CONFIGURATION_VISITS {
            return Err(TooEntangled::Visits);
        }
        if self.depth >= CONFIGURATION_DEPTH {
            return Err(TooEntangled::Depth);
        }
        self.depth += 1;
        self.enter(index, path);
        let digest = self.write(index, path);
        self.leave(index, path);
        self.depth -= 1;
        let digest = digest?;
        if entered {
            self.own[index] = Some(digest);
        }
        Ok(digest)
    }

    fn write(&mut self, index: usize, path: &mut Path) -> Result<Digest, TooEntangled> {
        let configuration = self.graph.get(index);
        let mut form = Form::begin("configuration");
        match &configuration.owner {
            Some(FieldValue::Object(owner)) if path.objects.contains(owner) => form.count(b'c', 0),
            Some(FieldValue::Object(owner)) => {
                form.count(b'c', 1);
                form.digest(b'o', &self.fresh(*owner)?);
            }
            Some(known) => {
                form.count(b'c', 1);
                form.simple(known);
            }
            None => form.count(b'c', 0),
        }
        form.text(&configuration.type_id.to_ascii_lowercase());
        let mut fields = Vec::with_capacity(configuration.fields.len());
        for field in &configuration.fields {
            if let Ok(written) = self.field(field, path)? {
                fields.push((&field.name, written));
            }
        }
        fields.sort_by_key(|(name, _)| *name);
        form.count(b'c', fields.len());
        for (name, written) in &fields {
            form.text(name);
            form.append(written);
        }
        form.count(b'c', configuration.init_tasks.len());
        for task in &configuration.init_tasks {
            self.value(task, path, &mut form)?;
        }
        Ok(form.finish())
    }

    /// The field as it is written, or why it is left out.
    fn field(&mut self, field: &ConfigurationField, path: &mut Path) -> Result<Result<Form, LeftOut>, TooEntangled> {
        let graph = self.graph;
        let value = match field.rule {
            Rule::Never(reason) => {
                let kept = field.value.as_ref().filter(|value| holds(graph, value, Mark::Kept));
                match kept.and_then(|value| graph.without(value, |mark| mark != Mark::Kept)) {
                    Some(value) => value,
                    None => return Ok(Err(reason)),
                }
            }
            Rule::Counts | Rule::Constant | Rule::UnlessDefault => {
                let value = field.value.as_ref().unwrap_or(&FieldValue::None);
                if !may_hold(value) {
                    value.clone()
                } else {
                    match graph.without(value, |mark| mark == Mark::Dropped) {
                        Some(value) => value,
                        None => return Ok(Err(LeftOut::Marked)),
                    }
                }
            }
        };
        let mut written = Form::default();
        self.value(&value, path, &mut written)?;
        if field.rule == Rule::UnlessDefault
            && let Some(default) = &field.default
        {
            let mut compared = Form::default();
            if let Some(default) = graph.without(default, |mark| mark == Mark::Dropped) {
                self.value(&default, path, &mut compared)?;
            }
            if compared == written {
                return Ok(Err(LeftOut::Default));
            }
        }
        if field.optional && field.rule != Rule::Constant && value == FieldValue::None {
            return Ok(Err(LeftOut::Nothing));
        }
        Ok(Ok(written))
    }

    fn value(&mut self, value: &FieldValue, path: &mut Path, form: &mut Form) -> Result<(), TooEntangled> {
        match value {
            FieldValue::Object(index) => match path.distance(*index) {
                Some(steps) => form.count(b'r', steps),
                None => form.digest(b'o', &self.digest(*index, path)?),
            },
            FieldValue::List(items) => self.sequence(b'l', items, path, form)?,
            FieldValue::Tuple(items) => self.sequence(b't', items, path, form)?,
            FieldValue::Set(items) => {
                let mut forms = Vec::with_capacity(items.len());
                for item in items {
                    let mut one = Form::default();
                    self.value(item, path, &mut one)?;
                    forms.push(one);
                }
                form.sorted(b'u', forms);
            }
            FieldValue::Map(pairs) => {
                let mut forms = Vec::with_capacity(pairs.len());
                for (key, item) in pairs {
                    let mut one = Form::default();
                    self.value(key, path, &mut one)?;
                    self.value(item, path, &mut one)?;
                    forms.push(one);
                }
                form.sorted(b'm', forms);
            }
            simple => {
                form.simple(simple);
            }
        }
        Ok(())
    }

    /// The bytes of a value that stands by itself.
    pub(super) fn written(&mut self, value: &FieldValue) -> Result<Form, TooEntangled> {
        let mut form = Form::default();
        self.value(value, &mut Path::default(), &mut form)?;
        Ok(form)
    }

    fn sequence(
        &mut self,
        tag: u8,
        items: &[FieldValue],
        path: &mut Path,
        form: &mut Form,
    ) -> Result<(), TooEntangled> {
        form.count(tag, items.len());
        items.iter().try_for_each(|item| self.value(item, path, form))
    }
}

/// Whether a value may hold configurations.
fn may_hold(value: &FieldValue) -> bool {
    matches!(
        value,
        FieldValue::Object(_)
            | FieldValue::Known { .. }
            | FieldValue::List(_)
            | FieldValue::Tuple(_)
            | FieldValue::Set(_)
            | FieldValue::Map(_)
    )
}

fn holds(graph: &Configurations, value: &FieldValue, mark: Mark) -> bool {
    match value {
        FieldValue::List(items) | FieldValue::Tuple(items) | FieldValue::Set(items) => {
            items.iter().any(|item| holds(graph, item, mark))
        }
        FieldValue::Map(pairs) => pairs.iter().any(|(_, item)| holds(graph, item, mark)),
        other => graph.mark(other) == mark,
    }
}

/// Every configuration that one refers to directly.
fn neighbours(configuration: &Configuration) -> Vec<usize> {
    let mut found = Vec::new();
    let fields = configuration.fields.iter().flat_map(|field| [&field.value, &field.default]).flatten();
    for value in fields.chain(&configuration.owner).chain(&configuration.init_tasks) {
        objects(value, &mut found);
    }
    found
}

fn objects(value: &FieldValue, found: &mut Vec<usize>) {
    match value {
        FieldValue::Object(index) => found.push(*index),
        FieldValue::List(items) | FieldValue::Tuple(items) | FieldValue::Set(items) => {
            items.iter().for_each(|item| objects(item, found));
        }
        FieldValue::Map(pairs) => pairs.iter().for_each(|(key, item)| {
            objects(key, found);
            objects(item, found);
        }),
        FieldValue::None
        | FieldValue::Bool(_)
        | FieldValue::Integer { .. }
        | FieldValue::Float(_)
        | FieldValue::Text(_)
        | FieldValue::Path(_)
        | FieldValue::Content(_)
        | FieldValue::Member { .. }
        | FieldValue::Known { .. } => {}
    }
}
