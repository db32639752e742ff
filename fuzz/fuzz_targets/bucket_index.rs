#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    tachometer_fuzz::bucket_index::run(data);
});
