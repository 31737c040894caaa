//! The target `proxy_answers` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| waxwing_fuzz::proxy_answers(bytes));
