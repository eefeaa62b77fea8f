//! What was measured, named as in W3C webrtc-stats.
