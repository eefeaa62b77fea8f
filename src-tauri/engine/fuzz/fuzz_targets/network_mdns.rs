#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| visio_engine::network::fuzzing::local_name(input));
