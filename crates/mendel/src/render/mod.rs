//! How answers look to people: text that is safe to show, numbers, times, tables, charts, pages.
//!
//! Nothing here asks the workspace anything; every function takes plain data and gives text,
//! so the looks are tested without a terminal.

pub mod chart;
pub mod csv;
pub mod document;
pub mod markdown;
pub mod page;
pub mod paint;
pub mod progress;
pub mod reason;
pub mod sparkline;
pub mod table;
pub mod text;
pub mod time;
pub mod value;
