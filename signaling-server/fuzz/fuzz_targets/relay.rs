#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| visio_server::relay::fuzzing::drive(input));
