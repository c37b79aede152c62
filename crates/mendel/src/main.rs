//! The `mendel` command: reads the words, asks, prints.
//!
//! Rules live below; this crate wires store, router, client and agent together in one
//! process and turns answers into tables, documents and exit codes.

#![allow(unreachable_pub, reason = "a binary has no outside; `pub` says what a module offers to its neighbours")]

mod arguments;
mod commands;
mod context;
mod exit;
mod printer;
mod render;
mod run;
mod typed;

use std::process::ExitCode;

use crate::{
    arguments::{Cli, Command},
    printer::Printer,
};

fn main() -> ExitCode {
    let cli = Cli::read();
    let printer = Printer::new(&cli.global);
    let runtime = match cli.command {
        // A server has many callers at once; a command has one.
        Command::Serve(_) => tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build(),
        _ => tokio::runtime::Builder::new_current_thread().enable_all().build(),
    };
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.note(format_args!("error: cannot start: {error}"));
            return exit::Exit::Trouble.into();
        }
    };
    match runtime.block_on(commands::execute(cli, &printer)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            printer.failure(&failure);
            failure.exit().into()
        }
    }
}

/// Threads that answer; the database's own come on top.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get).clamp(2, 8)
}
