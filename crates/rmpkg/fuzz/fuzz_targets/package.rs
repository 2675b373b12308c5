//! Whatever the bytes are, a package is read within its limits or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rmpkg::{Limits, Package};

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    entries: 50,
    ratio: 200,
};

fuzz_target!(|archive: &[u8]| {
    if let Ok(package) = Package::read(archive, &LIMITS) {
        let sizes = package.files().map(|(_, contents)| contents.len() as u64);
        assert!(sizes.sum::<u64>() <= LIMITS.bytes);
    }
});
