//! conda
