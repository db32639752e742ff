#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    tachometer_fuzz::expositions::hand_on(&tachometer_fuzz::registration::run(data));
});
