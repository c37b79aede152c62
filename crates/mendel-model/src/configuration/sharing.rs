//! Where it counts that two places hold one object: which of the equal objects each place holds.

use std::collections::HashMap;

use super::{ConfigurationField, FieldValue, Mark, Rule, form::Form, meaning::Meaning, meaning::TooEntangled};
use crate::{Digest, limits::CONFIGURATION_VISITS};

/// Equal objects are numbered in the order in which they are met; the first is 0.
#[derive(Default)]
struct Ordinals {
    of: HashMap<usize, usize>,
    met: HashMap<Digest, usize>,
    children: HashMap<usize, Vec<usize>>,
    drawn: HashMap<usize, Digest>,
    visits: usize,
}

impl Meaning<'_> {
    /// The digest `own` of the configuration at `root`, together with the pattern of what it
    /// shares; `own` itself while no object has an equal one beside it.
    pub(super) fn with_sharing(&mut self, root: usize, own: Digest) -> Result<Digest, TooEntangled> {
        let mut ordinals = Ordinals::default();
        let mut todo = vec![root];
        while let Some(index) = todo.pop() {
            if ordinals.children.contains_key(&index) {
                continue;
            }
            if self.graph.get(index).sharing_counts {
                let met = ordinals.met.entry(self.fresh(index)?).or_default();
                ordinals.of.insert(index, *met);
                *met += 1;
            }
            let children = self.counted_children(index)?;
            todo.extend(children.iter().rev());
            ordinals.children.insert(index, children);
        }
        if ordinals.of.values().all(|ordinal| *ordinal == 0) {
            return Ok(own);
        }
        let mut form = Form::begin("sharing");
        form.digest(b'o', &own);
        form.digest(b'h', &self.draw(root, &mut ordinals, &mut Vec::new())?);
        Ok(form.finish())
    }

    fn draw(&self, index: usize, ordinals: &mut Ordinals, path: &mut Vec<usize>) -> Result<Digest, TooEntangled> {
        if let Some(drawn) = ordinals.drawn.get(&index) {
            return Ok(*drawn);
        }
        ordinals.visits += 1;
        if ordinals.visits > CONFIGURATION_VISITS {
            return Err(TooEntangled::Visits);
        }
        let mut form = Form::default();
        if let Some(ordinal) = ordinals.of.get(&index) {
            form.count(b'c', *ordinal);
        }
        path.push(index);
        let children = ordinals.children.get(&index).cloned().unwrap_or_default();
        form.count(b'l', children.len());
        for child in children {
            match path.iter().rev().position(|other| *other == child) {
                Some(steps) => form.count(b'r', steps + 1),
                None => form.digest(b'h', &self.draw(child, ordinals, path)?),
            }
        }
        path.pop();
        let drawn = form.finish();
        if !self.in_cycle[index] {
            ordinals.drawn.insert(index, drawn);
        }
        Ok(drawn)
    }

    /// The configurations within the fields that count, in the order in which they are written.
    fn counted_children(&mut self, index: usize) -> Result<Vec<usize>, TooEntangled> {
        let graph = self.graph;
        let counted = self.weigh(index)?;
        let mut fields: Vec<&ConfigurationField> = graph
            .get(index)
            .fields
            .iter()
            .zip(&counted)
            .filter_map(|(field, (_, left_out))| left_out.is_none().then_some(field))
            .collect();
        fields.sort_by_key(|field| &field.name);
        let mut found = Vec::new();
        for field in fields {
            let forced = matches!(field.rule, Rule::Never(_));
            let drops = |mark: Mark| if forced { mark != Mark::Kept } else { mark == Mark::Dropped };
            if let Some(value) = field.value.as_ref().and_then(|value| graph.without(value, drops)) {
                self.in_order(&value, &mut found)?;
            }
        }
        for task in &graph.get(index).init_tasks {
            self.in_order(task, &mut found)?;
        }
        Ok(found)
    }

    fn in_order(&mut self, value: &FieldValue, found: &mut Vec<usize>) -> Result<(), TooEntangled> {
        match value {
            FieldValue::Object(index) => found.push(*index),
            FieldValue::List(items) | FieldValue::Tuple(items) => {
                items.iter().try_for_each(|item| self.in_order(item, found))?;
            }
            FieldValue::Set(items) => {
                for item in self.sorted(items, |item| item)? {
                    self.in_order(item, found)?;
                }
            }
            FieldValue::Map(pairs) => {
                for (_, item) in self.sorted(pairs, |(key, _)| key)? {
                    self.in_order(item, found)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn sorted<'v, T>(&mut self, items: &'v [T], key: impl Fn(&T) -> &FieldValue) -> Result<Vec<&'v T>, TooEntangled> {
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            keyed.push((self.written(key(item))?, item));
        }
        keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
        Ok(keyed.into_iter().map(|(_, item)| item).collect())
    }
}
