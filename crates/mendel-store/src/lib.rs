//! SQL and migrations, series chunks, blobs.
