//! The parser of a Python script, read without running it.
//!
//! A parser is *known* only where every call that builds it can be read; in doubt it is
//! unknown, and the words are passed on for the script itself to judge.

mod argument;
mod convert;
mod declaration;
mod facts;
mod interpret;
mod literal;
mod positional;
mod walk;
mod word;

pub use argument::{Action, Argument, Convert, Count, KnownParser};
pub use interpret::{Refusal, interpret};
pub use walk::parser_of;
pub use word::{plain_words, words_for};

#[cfg(test)]
mod tests;
