//! The contract of the store: every test runs on SQLite and on PostgreSQL.

mod blob;
mod concurrency;
mod console;
mod dialect;
mod list;
mod output;
mod project;
mod record;
mod run;
mod series;
mod upkeep;
mod world;
