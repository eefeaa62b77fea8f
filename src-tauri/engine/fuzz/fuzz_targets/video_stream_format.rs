#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| visio_engine::video::fuzzing::stream_format(input));
