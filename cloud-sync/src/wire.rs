//! Requests as they travel, and answers as far as they can be believed: pure.
