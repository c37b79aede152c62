//! Wire types, and the client over a router in process or a Unix socket.
