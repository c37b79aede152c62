//! Task files of every dialect, read into the model with errors that point.
