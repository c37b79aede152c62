//! Pipelines over trees of tasks, through the binary and the package that is installed.

mod audited;
mod bad;
mod change;
mod errors;
mod foreign;
mod input;
mod kinds;
mod lab;
mod look;
mod lost;
mod named;
mod reuse;
mod stop;
mod story;
mod worker;
