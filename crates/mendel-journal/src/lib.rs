//! The files a writer keeps, and their delivery to a sender it is handed.
