//! The interface as its callers see it: through a client, in process and over a real
//! socket, over a real store in a folder of its own.

mod blob;
mod companion;
mod lab;
mod protocol;
mod record;
mod refusal;
mod result;
mod run;
mod socket;
mod upkeep;
