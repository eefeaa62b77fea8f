//! One connection to one person.
