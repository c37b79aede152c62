//! The values of one run, each with its origin.

use mendel_model::Param;

use crate::{Assignment, ParamSchema, Problems, ValuesFile};

/// The parameters of one run: defaults, then `values`, then `sets` (the last of a name wins).
///
/// The value of each parameter is the form the script receives: the option's text for an
/// `enum`, `{from, to, step}` for a `range`, a float for a `float`. Every fault of every
/// parameter is reported.
pub fn resolve(schema: &ParamSchema, values: Option<&ValuesFile>, sets: &[Assignment]) -> Result<Vec<Param>, Problems> {
    let _ = (schema, values, sets);
    todo!()
}
