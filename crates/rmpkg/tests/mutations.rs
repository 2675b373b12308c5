//! Good packages with random damage, the same in each run: whatever the bytes, the reader neither
//! panics nor takes more than its limits, and what it takes is what was packed.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod forged;

use std::collections::BTreeMap;

use forged::{Part, Zip, wheel};
use rmpkg::signature::SecretKey;
use rmpkg::{Contents, Kind, Limits, Package};

const LIMITS: Limits = Limits {
    bytes: 1 << 20,
    entries: 50,
    ratio: 200,
};

/// xorshift64* (Vigna 2016).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap() % limit.max(1)
    }
}

fn files(package: &Package) -> Vec<(String, Vec<u8>)> {
    package
        .files()
        .map(|(name, contents)| (name.to_owned(), contents.to_vec()))
        .collect()
}

#[test]
fn each_bit_counts() {
    let (archive, package) = Contents::new(
        forged::MANIFEST.as_bytes().to_vec(),
        forged::RUNTIME.to_vec(),
        LIMITS,
    )
    .unwrap()
    .pack(Some(&SecretKey::generate().unwrap()))
    .unwrap();
    let packed = files(&package);
    let mut taken = 0;
    for bit in 0..archive.len() * 8 {
        let mut damaged = archive.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(package) = Package::read(&damaged, &LIMITS) {
            assert!(
                files(&package) == packed,
                "bit {bit} changes the package unseen"
            );
            taken += 1;
        }
    }
    // An entry's writer (2 bytes), internal attributes (2) and the attributes (4) that are no type
    // of file mean nothing here.
    let entries = packed.len();
    assert!(taken <= entries * 64, "{taken} bits count for nothing");
}

#[test]
fn damage_never_gets_through() {
    let mut seeds = vec![Zip::package()];
    let mut various = Zip::package();
    various.parts = various
        .parts
        .into_iter()
        .map(Part::with_descriptor)
        .collect();
    various.parts.push(Part::folder("models/"));
    various.add("deps/wheels/greeting-1.0-py3-none-any.whl", wheel().bytes());
    seeds.push(various);
    let mut unlisted = Zip::package();
    unlisted.listed = false;
    unlisted
        .parts
        .push(Part::deflated("models/zeros", &[0; 5000]));
    unlisted.add("deps/wheels/greeting-1.0-py3-none-any.whl", wheel().bytes());
    seeds.push(unlisted);

    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut kinds = BTreeMap::new();
    for round in 0..20_000 {
        let mut zip = seeds[round % seeds.len()].clone();
        let mut archive = if round.is_multiple_of(2) {
            zip.bytes()
        } else {
            // NB: with a checksum that fits, so that the damage gets further
            if zip.listed {
                zip.add("meta/SHA256SUMS", zip.listing());
                zip.listed = false;
            }
            let number = random.below(zip.parts.len());
            let part = &mut zip.parts[number];
            let name = String::from_utf8(part.local.name.clone()).unwrap();
            let mut contents = part.data.clone();
            contents.push(b'\n');
            damage(&mut contents, &mut random);
            *part = Part::stored(&name, &contents);
            zip.bytes()
        };
        for _ in 0..random.below(4) {
            damage(&mut archive, &mut random);
        }
        let outcome = match Package::read(&archive, &LIMITS) {
            Err(error) => error.kind.to_string(),
            Ok(package) => {
                let total: usize = package.files().map(|(_, contents)| contents.len()).sum();
                assert!(total as u64 <= LIMITS.bytes, "round {round}");
                for (name, _) in package.files() {
                    rmpkg::paths::check(name).unwrap();
                }
                "taken".to_owned()
            }
        };
        *kinds.entry(outcome).or_insert(0) += 1;
    }
    println!("{kinds:?}");
    // The damage reaches past the first checks: else the test would show little.
    for kind in [
        Kind::Corrupt,
        Kind::Disagreement,
        Kind::Gap,
        Kind::Hash,
        Kind::Json,
        Kind::Listing,
        Kind::Runtime,
    ] {
        assert!(kinds.contains_key(&kind.to_string()), "{kind} in {kinds:?}");
    }
}

/// Changes a byte, a field, a piece or the length.
fn damage(archive: &mut Vec<u8>, random: &mut Random) {
    const FIELDS: [u32; 10] = [
        0,
        1,
        0xffff,
        0x1_0000,
        0x7fff_ffff,
        0x8000_0000,
        0xffff_fffe,
        0xffff_ffff,
        0x0403_4b50,
        0x0201_4b50,
    ];
    let length = archive.len();
    let at = random.below(length);
    match random.below(7) {
        0 => archive[at] ^= 1 << random.below(8),
        1 => archive[at] = u8::try_from(random.below(256)).unwrap(),
        2 => {
            let value = FIELDS[random.below(FIELDS.len())].to_le_bytes();
            let bytes = if random.below(2) == 0 { 2 } else { 4 };
            for (offset, byte) in value.iter().take(bytes).enumerate() {
                if let Some(place) = archive.get_mut(at + offset) {
                    *place = *byte;
                }
            }
        }
        3 => archive.truncate(at.max(1)),
        4 => {
            archive.insert(at, 0);
        }
        5 => {
            let end = (at + 1 + random.below(64)).min(length);
            let piece = archive[at..end].to_vec();
            let to = random.below(length);
            archive.splice(to..to, piece);
        }
        _ => {
            let end = (at + 1 + random.below(16)).min(length);
            let piece = archive[at..end].to_vec();
            let to = random.below(length.saturating_sub(piece.len()).max(1));
            archive[to..to + piece.len()].copy_from_slice(&piece);
        }
    }
}
