//! Identities of typed configurations: reads the Python objects, and asks the model.
//!
//! A configuration is an object with a `__mendel__` (its state) and values in its `__dict__`;
//! what its class declares is a `Plan`. How values count is decided in `mendel-model`.

use std::collections::HashMap;

use mendel_model::{
    Configuration, ConfigurationField, Configurations, Digest, FieldValue, LeftOut, Mark, Meaning, Rule, TooEntangled,
    limits::CONFIGURATION_DEPTH,
};
use pyo3::{
    exceptions::{PyLookupError, PyTypeError, PyValueError},
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyBool, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple, PyType},
};

use crate::error::bad;

/// What a class declares, as far as identity is concerned.
#[pyclass(frozen, module = "mendel._native")]
pub(crate) struct Plan {
    type_id: String,
    sharing_counts: bool,
    /// Gives the configuration that stands for one of this class.
    convert: Option<Py<PyAny>>,
    fields: Vec<PlanField>,
}

struct PlanField {
    name: Py<PyString>,
    rule: Rule,
    optional: bool,
    /// Makes the default to compare with.
    default: Option<Py<PyAny>>,
    made: PyOnceLock<Py<PyAny>>,
    /// Reads a path instead of taking its text.
    read: Option<Py<PyAny>>,
}

type Declared = (Py<PyString>, String, bool, Option<Py<PyAny>>, Option<Py<PyAny>>);

#[pymethods]
impl Plan {
    #[new]
    #[pyo3(signature = (type_id, sharing_counts, convert, fields, /))]
    fn new(type_id: String, sharing_counts: bool, convert: Option<Py<PyAny>>, fields: Vec<Declared>) -> PyResult<Self> {
        let fields = fields.into_iter().map(|(name, rule, optional, default, read)| {
            let rule = rule_of(&rule)?;
            Ok(PlanField { name, rule, optional, default, made: PyOnceLock::new(), read })
        });
        Ok(Self { type_id, sharing_counts, convert, fields: fields.collect::<PyResult<_>>()? })
    }
}

fn rule_of(word: &str) -> PyResult<Rule> {
    Ok(match word {
        "counts" => Rule::Counts,
        "constant" => Rule::Constant,
        "unless default" => Rule::UnlessDefault,
        "meta" => Rule::Never(LeftOut::Meta),
        "path" => Rule::Never(LeftOut::Path),
        "generated" => Rule::Never(LeftOut::Generated),
        other => return Err(PyValueError::new_err(format!("`{other}` is no rule of a field"))),
    })
}

/// The identity of a configuration. Digests that are the same wherever they stand are kept
/// with sealed configurations, for as long as `epoch` stays.
#[pyfunction]
#[pyo3(signature = (configuration, epoch, /))]
pub(crate) fn configuration_identity(configuration: &Bound<'_, PyAny>, epoch: u64) -> PyResult<String> {
    let mut reader = Reader::new(configuration.py(), epoch);
    let root = match reader.object(configuration)? {
        FieldValue::Object(root) => root,
        FieldValue::Known { identity, .. } => return Ok(format!("m1:{identity}")),
        _ => return Err(PyTypeError::new_err("this is no configuration")),
    };
    let mut meaning = Meaning::of(&reader.graph);
    let identity = meaning.identity(root).map_err(bad)?;
    for (index, state) in &reader.sealed {
        if let Some(digest) = meaning.settled(*index) {
            state.setattr(intern!(state.py(), "digest"), PyBytes::new(state.py(), digest.as_bytes()))?;
            state.setattr(intern!(state.py(), "epoch"), epoch)?;
        }
    }
    Ok(identity.to_string())
}

/// For each field of a configuration, its name and why it is left out, if it is.
#[pyfunction]
#[pyo3(signature = (configuration, epoch, /))]
pub(crate) fn configuration_fields(
    configuration: &Bound<'_, PyAny>,
    epoch: u64,
) -> PyResult<Vec<(String, Option<&'static str>)>> {
    let mut reader = Reader::new(configuration.py(), epoch);
    let FieldValue::Object(root) = reader.anew(configuration)? else {
        return Err(PyTypeError::new_err("this is no configuration"));
    };
    let fields = Meaning::of(&reader.graph).weigh(root).map_err(bad)?;
    Ok(fields.into_iter().map(|(name, left_out)| (name, left_out.map(LeftOut::word))).collect())
}

struct Reader<'py> {
    py: Python<'py>,
    /// Kept digests of this epoch are used.
    epoch: u64,
    graph: Configurations,
    known: HashMap<usize, usize>,
    /// Objects stay alive while their addresses are keys.
    held: Vec<Bound<'py, PyAny>>,
    sealed: Vec<(usize, Bound<'py, PyAny>)>,
    depth: usize,
}

impl<'py> Reader<'py> {
    fn new(py: Python<'py>, epoch: u64) -> Self {
        let (graph, known) = (Configurations::default(), HashMap::new());
        Self { py, epoch, graph, known, held: Vec::new(), sealed: Vec::new(), depth: 0 }
    }

    /// Reads a configuration, or whatever stands for it; a digest that was kept is enough.
    fn object(&mut self, object: &Bound<'py, PyAny>) -> PyResult<FieldValue> {
        if let Some(index) = self.known.get(&(object.as_ptr() as usize)) {
            return Ok(FieldValue::Object(*index));
        }
        let state = object.getattr(intern!(self.py, "__mendel__"))?;
        match self.kept(&state)? {
            Some(identity) => Ok(FieldValue::Known { identity, mark: mark_of(&state)? }),
            None if self.depth > CONFIGURATION_DEPTH => Err(bad(TooEntangled::Depth)),
            None => {
                self.depth += 1;
                let read = self.anew(object);
                self.depth -= 1;
                read
            }
        }
    }

    fn anew(&mut self, object: &Bound<'py, PyAny>) -> PyResult<FieldValue> {
        let py = self.py;
        let state = object.getattr(intern!(py, "__mendel__"))?;
        let mark = mark_of(&state)?;
        let plan = object.get_type().getattr(intern!(py, "__mendel_plan__"))?.cast_into::<Plan>()?;
        let plan = plan.get();
        if let Some(convert) = &plan.convert {
            let stands_for = convert.bind(py).call1((object,))?;
            self.held.push(stands_for.clone());
            return self.object(&stands_for);
        }
        let index = self.graph.add(Configuration::default());
        self.known.insert(object.as_ptr() as usize, index);
        self.held.push(object.clone());
        if !state.getattr(intern!(py, "sealed"))?.is_none() {
            self.sealed.push((index, state.clone()));
        }
        let values = object.getattr(intern!(py, "__dict__"))?.cast_into::<PyDict>()?;
        let mut configuration = Configuration {
            type_id: plan.type_id.clone(),
            mark,
            sharing_counts: plan.sharing_counts,
            fields: Vec::with_capacity(plan.fields.len()),
            ..Configuration::default()
        };
        for field in &plan.fields {
            configuration.fields.push(self.field(field, &values)?);
        }
        let owner = state.getattr(intern!(py, "owner"))?;
        if !owner.is_none() {
            configuration.owner = Some(self.object(&owner)?);
        }
        for task in state.getattr(intern!(py, "init_tasks"))?.try_iter()? {
            configuration.init_tasks.push(self.object(&task?)?);
        }
        self.graph.set(index, configuration);
        Ok(FieldValue::Object(index))
    }

    fn kept(&self, state: &Bound<'py, PyAny>) -> PyResult<Option<Digest>> {
        let py = self.py;
        let digest = state.getattr(intern!(py, "digest"))?;
        if digest.is_none() {
            return Ok(None);
        }
        let stands = state.getattr(intern!(py, "fixed"))?.is_truthy()?
            || state.getattr(intern!(py, "epoch"))?.extract::<u64>()? == self.epoch;
        Ok(if stands { Some(Digest::from_bytes(digest.extract()?)) } else { None })
    }

    fn field(&mut self, field: &PlanField, values: &Bound<'py, PyDict>) -> PyResult<ConfigurationField> {
        let py = self.py;
        let name = field.name.bind(py);
        let value = match (values.get_item(name)?, field.rule) {
            (None, Rule::Never(_)) => None,
            (None, _) => return Err(PyLookupError::new_err(name.to_string())),
            (Some(value), Rule::Never(_)) => self.nested(&value)?,
            (Some(value), _) => Some(match &field.read {
                Some(read) if !value.is_none() => self.read(&read.bind(py).call1((value,))?)?,
                _ => self.value(&value)?,
            }),
        };
        let default = match &field.default {
            Some(make) if field.rule == Rule::UnlessDefault => {
                let made = field.made.get_or_try_init(py, || make.call0(py))?;
                Some(self.value(made.bind(py))?)
            }
            _ => None,
        };
        let name = name.to_string();
        Ok(ConfigurationField { name, rule: field.rule, optional: field.optional, value, default })
    }

    /// A value of a field that does not count: only configurations within it may be kept.
    fn nested(&mut self, value: &Bound<'py, PyAny>) -> PyResult<Option<FieldValue>> {
        let holds = value.is_instance_of::<PyList>()
            || value.is_instance_of::<PyTuple>()
            || value.is_instance_of::<PyDict>()
            || value.is_instance_of::<PySet>()
            || is_configuration(value)?;
        // A part that cannot be written, such as one with a value missing, is not asked for.
        if holds && self.any_kept(value)? { self.value(value).map(Some) } else { Ok(None) }
    }

    fn any_kept(&self, value: &Bound<'py, PyAny>) -> PyResult<bool> {
        if is_configuration(value)? {
            let mark = value.getattr(intern!(self.py, "__mendel__"))?.getattr(intern!(self.py, "meta"))?;
            return Ok(mark.extract::<Option<bool>>()? == Some(false));
        }
        let items = match value.cast::<PyDict>() {
            Ok(mapping) => mapping.values().into_any(),
            Err(_) if value.is_instance_of::<PyString>() => return Ok(false),
            Err(_) => value.clone(),
        };
        let Ok(items) = items.try_iter() else { return Ok(false) };
        for item in items {
            if self.any_kept(&item?)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a reader of paths answers: the digest of the content as bytes, or the text.
    fn read(&mut self, answer: &Bound<'py, PyAny>) -> PyResult<FieldValue> {
        match answer.cast::<PyBytes>() {
            Ok(digest) => Ok(FieldValue::Content(Digest::from_bytes(digest.extract()?))),
            Err(_) => Ok(FieldValue::Path(bytes_of(&answer.str()?)?)),
        }
    }

    fn value(&mut self, value: &Bound<'py, PyAny>) -> PyResult<FieldValue> {
        if value.is_none() {
            return Ok(FieldValue::None);
        }
        if let Ok(flag) = value.cast_exact::<PyBool>() {
            return Ok(FieldValue::Bool(flag.is_true()));
        }
        if let Ok(number) = value.cast_exact::<PyInt>() {
            return integer(number.as_any());
        }
        if let Ok(number) = value.cast_exact::<PyFloat>() {
            return Ok(FieldValue::Float(number.value()));
        }
        if let Ok(text) = value.cast_exact::<PyString>() {
            return Ok(FieldValue::Text(bytes_of(text)?));
        }
        if is_configuration(value)? {
            return self.object(value);
        }
        if value.is_instance(enumeration(self.py)?)? {
            let of = self.py.import("mendel.typed.type_id")?.getattr("type_id")?;
            let type_id = of.call1((value.get_type(),))?.extract()?;
            return Ok(FieldValue::Member { type_id, name: value.getattr(intern!(self.py, "name"))?.extract()? });
        }
        if let Ok(items) = value.cast::<PyList>() {
            return Ok(FieldValue::List(self.values(items.as_any())?));
        }
        if let Ok(items) = value.cast::<PyTuple>() {
            return Ok(FieldValue::Tuple(self.values(items.as_any())?));
        }
        if let Ok(pairs) = value.cast::<PyDict>() {
            let pairs = pairs.iter().map(|(key, item)| Ok((self.value(&key)?, self.value(&item)?)));
            return Ok(FieldValue::Map(pairs.collect::<PyResult<_>>()?));
        }
        if value.is_instance_of::<PySet>() || value.is_instance_of::<PyFrozenSet>() {
            return Ok(FieldValue::Set(self.values(value)?));
        }
        if value.is_instance(pure_path(self.py)?)? {
            return Ok(FieldValue::Path(bytes_of(&value.str()?)?));
        }
        Err(PyTypeError::new_err(format!("a value of type `{}` has no identity", value.get_type().name()?)))
    }

    fn values(&mut self, items: &Bound<'py, PyAny>) -> PyResult<Vec<FieldValue>> {
        items.try_iter()?.map(|item| self.value(&item?)).collect()
    }
}

fn mark_of(state: &Bound<'_, PyAny>) -> PyResult<Mark> {
    Ok(match state.getattr(intern!(state.py(), "meta"))?.extract::<Option<bool>>()? {
        None => Mark::Unmarked,
        Some(true) => Mark::Dropped,
        Some(false) => Mark::Kept,
    })
}

fn is_configuration(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.get_type().hasattr(intern!(value.py(), "__mendel_plan__"))
}

fn integer(number: &Bound<'_, PyAny>) -> PyResult<FieldValue> {
    if let Ok(small) = number.extract::<i64>() {
        return Ok(FieldValue::integer(small));
    }
    let py = number.py();
    let bits: usize = number.call_method0(intern!(py, "bit_length"))?.extract()?;
    let magnitude = number.abs()?.call_method1(intern!(py, "to_bytes"), (bits.div_ceil(8), "big"))?;
    Ok(FieldValue::big_integer(number.lt(0)?, magnitude.cast::<PyBytes>()?.as_bytes()))
}

/// UTF-8; lone surrogates, which UTF-8 has no place for, are kept apart.
fn bytes_of(text: &Bound<'_, PyString>) -> PyResult<Vec<u8>> {
    if let Ok(text) = text.to_cow() {
        return Ok(text.as_bytes().to_vec());
    }
    text.call_method1(intern!(text.py(), "encode"), ("utf-8", "surrogatepass"))?.extract()
}

fn enumeration(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    Ok(TYPE.import(py, "enum", "Enum")?.as_any())
}

fn pure_path(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    Ok(TYPE.import(py, "pathlib", "PurePath")?.as_any())
}
