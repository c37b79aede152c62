//! A server started from the binary, asked over the network.

mod access;
mod hostile;
mod lab;
mod life;
mod native;
mod postgres;
mod remote;
mod rights;
mod tls;
