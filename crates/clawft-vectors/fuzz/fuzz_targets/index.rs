//! Whatever the bytes are, they are refused, or are an index that can be searched and changed.
#![no_main]

use clawft_vectors::Index;
use libfuzzer_sys::fuzz_target;

/// FNV-1a, so that what lies behind the checksum is reached.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let sum = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    [bytes, &sum.to_le_bytes()].concat()
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut index) = Index::load(&sealed(bytes)) else {
        return;
    };
    let vector = vec![1.0; index.dimensions()];
    let found = index.search_with(&vector, 10, 10).expect("a query in range");
    assert!(found.len() <= index.len());
    for neighbour in &found {
        assert!(index.delete(neighbour.id));
    }
    let _ = index.add(0, &vector);
    let again = Index::load(&index.save()).expect("what was saved");
    assert_eq!(again.len(), index.len());
});
