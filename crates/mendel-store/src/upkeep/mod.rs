//! Looking after a store: what it refers to, what is damaged, what nobody needs, and a copy.

mod backup;
mod check;
mod garbage;
mod root;
