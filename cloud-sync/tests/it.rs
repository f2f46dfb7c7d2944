//! What a kiosk remembers and says to the platform.
