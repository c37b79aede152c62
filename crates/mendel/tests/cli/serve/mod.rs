//! A server started from the binary, asked over the network.

mod access;
mod lab;
mod life;
