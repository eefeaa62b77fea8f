//! Runs a call: the only place where all parts meet.
