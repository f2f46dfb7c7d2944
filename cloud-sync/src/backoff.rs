//! How long to wait after a failure: longer each time, never in step with other kiosks.
