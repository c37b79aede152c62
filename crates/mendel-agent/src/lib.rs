//! Environments, the supervisor, and the launching of user code.
