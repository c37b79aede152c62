//! Reading what user code reports as text, real or whole number, whatever it is.
//!
//! Scalars of numpy and tensors without dimension are read by their own conversions. What
//! has none counts as NaN, or as iteration 0. Only what is no ordinary exception, such as
//! Ctrl-C during a conversion, is passed on.

use pyo3::{
    exceptions::{PyException, PyOverflowError},
    prelude::*,
    types::{PyFloat, PyInt, PyString},
};

/// An exact `str`.
#[inline]
pub(crate) fn text<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    if let Ok(text) = object.cast_exact::<PyString>() {
        return Ok(text.clone());
    }
    let py = object.py();
    match object.str() {
        // A subclass may be given back as it is.
        Ok(text) if text.is_exact_instance_of::<PyString>() => Ok(text),
        Ok(text) => Ok(PyString::new(py, &text.to_string_lossy())),
        Err(error) => ordinary(error, py).map(|_| PyString::new(py, "")),
    }
}

/// The value as a real number.
#[inline]
pub(crate) fn real(object: &Bound<'_, PyAny>) -> PyResult<f64> {
    if let Ok(value) = object.cast_exact::<PyFloat>() {
        return Ok(value.value());
    }
    match object.extract::<f64>() {
        Ok(value) => Ok(value),
        Err(error) => {
            let error = ordinary(error, object.py())?;
            match error.is_instance_of::<PyOverflowError>(object.py()) {
                true => Ok(if is_negative(object) { f64::NEG_INFINITY } else { f64::INFINITY }),
                false => Ok(f64::NAN),
            }
        }
    }
}

/// The value as a whole number of 64 bits; beyond, the nearest.
#[inline]
pub(crate) fn integer(object: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(value) = object.extract::<i64>() {
        return Ok(value);
    }
    if object.is_instance_of::<PyInt>() {
        return Ok(if is_negative(object) { i64::MIN } else { i64::MAX });
    }
    // A fraction is cut off, infinities are clamped, and NaN is 0.
    real(object).map(|value| value as i64)
}

fn is_negative(object: &Bound<'_, PyAny>) -> bool {
    object.lt(0).unwrap_or(false)
}

fn ordinary(error: PyErr, py: Python<'_>) -> PyResult<PyErr> {
    match error.is_instance_of::<PyException>(py) {
        true => Ok(error),
        false => Err(error),
    }
}
