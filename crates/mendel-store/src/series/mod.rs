//! Series: points as they come in tails, merged into compressed chunks with roll-ups.
//!
//! Points are only ever appended, and read in the order of their reporting. NaN and
//! infinities are data and survive bit for bit.

mod bucket;
mod chunk;
mod read;
mod seal;
mod tail;
mod tally;

pub(crate) use chunk::decode as decode_chunk;
pub(crate) use tail::{decode as decode_tail, encode as encode_tail};
pub(crate) use tally::{Tally, existing, upsert};
