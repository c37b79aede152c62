//! Stories told through the real binary: what a person types, and what must be true then.

#![allow(unreachable_pub, reason = "a test binary has no outside")]

mod bad_input;
mod command;
mod data;
mod folder;
mod grid;
mod interrupt;
mod lab;
mod layering;
mod looking;
mod notebook;
mod observed;
mod old_task;
mod project;
mod rerun;
mod script;
mod serve;
mod staged;
mod workspace;
