#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| visio_engine::transport::fuzzing::estimator(input));
