//! What devices have in common: how they are named, and what can go wrong with them.
