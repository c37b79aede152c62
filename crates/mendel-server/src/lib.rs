//! The HTTP interface over the store.
