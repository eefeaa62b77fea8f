//! From the camera to packets, and from packets to frames.
