//! The call as one value: state, events, effects. Pure.
