//! The embedded fonts draw Chinese, and carry every character our own texts use.
