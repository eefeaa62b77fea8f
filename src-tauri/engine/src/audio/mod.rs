//! From the microphone to packets, and from packets to the speaker.
