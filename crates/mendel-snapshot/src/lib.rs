//! Walks code and environment into a manifest.
