//! Stories told through the real binary: what a person types, and what must be true then.

mod bad_input;
mod command;
mod folder;
mod grid;
mod interrupt;
mod lab;
mod layering;
mod rerun;
mod script;
