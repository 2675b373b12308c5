//! What is saved is what is loaded, and nothing else is.

mod vectors;

use clawft_vectors::{Error, Index, Metric, Options};
use vectors::{METRICS, Random};

/// One with free slots, deleted vectors and upper layers.
fn changed(metric: Metric, count: u64) -> Index {
    let mut random = Random(count);
    let options = Options {
        links: 4,
        construction: 20,
        breadth: 16,
        seed: 9,
        capacity_limit: 5000,
    };
    let mut index = Index::with_options(5, metric, options).expect("options");
    for id in 0..count {
        index.add(id * id, &random.normal(5)).expect("a vector");
    }
    for id in 0..count / 4 {
        assert!(index.delete(4 * id * id));
    }
    index
}

/// FNV-1a of 64 bits, as RFC 9923 has it.
fn fnv(bytes: &[u8]) -> u64 {
    let mut hash = 14_695_981_039_346_656_037;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(1_099_511_628_211);
    }
    hash
}

fn seal(file: &mut [u8]) {
    let end = file.len() - 8;
    let sum = fnv(&file[..end]).to_le_bytes();
    file[end..].copy_from_slice(&sum);
}

#[test]
fn the_checksum_is_fnv() {
    // the published value for "foobar"
    assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    let file = changed(Metric::L2, 30).save();
    let (body, sum) = file.split_at(file.len() - 8);
    assert_eq!(sum, fnv(body).to_le_bytes());
}

/// A part of the memory that the index itself takes is enough to write it.
#[test]
fn the_pieces_are_the_file() {
    for count in [0, 1, 700] {
        let index = changed(Metric::Cosine, count);
        let (saved, file) = (index.saved(), index.save());
        assert_eq!(saved.pieces().concat(), file);
        assert!(saved.pieces().iter().all(|piece| piece.len() <= 1 << 15));
        assert_eq!(saved.checksum(), fnv(&file[..file.len() - 8]));
    }
}

#[test]
fn a_loaded_index_behaves_as_the_saved_one() {
    for metric in METRICS {
        for count in [0, 1, 2, 17, 300, 1200] {
            let mut index = changed(metric, count);
            let file = index.save();
            let mut loaded = Index::load(&file).expect("what was saved");
            assert_eq!(loaded.save(), file);
            assert_eq!(
                (loaded.len(), loaded.dimensions(), loaded.metric()),
                (index.len(), 5, metric)
            );
            assert_eq!(loaded.options(), index.options());
            let mut random = Random(3);
            for id in 0..100 {
                let vector = random.normal(5);
                assert_eq!(loaded.search(&vector, 7), index.search(&vector, 7));
                for index in [&mut index, &mut loaded] {
                    index.add(5 * id, &vector).expect("a vector");
                    index.delete(random.0 % 50);
                }
            }
            assert_eq!(loaded.save(), index.save());
        }
    }
}

#[test]
fn the_same_calls_make_the_same_file() {
    for metric in METRICS {
        assert_eq!(changed(metric, 700).save(), changed(metric, 700).save());
    }
}

#[test]
fn a_part_of_a_file_is_refused() {
    let file = changed(Metric::L2, 60).save();
    for length in 0..file.len() {
        assert!(is_corrupt(&file[..length]), "{length}");
        // with a checksum that is right
        if length >= 8 {
            let mut part = file[..length].to_vec();
            seal(&mut part);
            assert!(is_corrupt(&part), "{length}");
        }
    }
    assert!(is_corrupt(&[&file[..], &[0]].concat()));
}

fn is_corrupt(file: &[u8]) -> bool {
    match Index::load(file) {
        Err(Error::Corrupt { offset, what }) => offset <= file.len() && !what.is_empty(),
        _ => false,
    }
}

#[test]
fn a_changed_bit_is_refused() {
    let file = changed(Metric::Cosine, 60).save();
    for bit in 0..8 * file.len() {
        let mut wrong = file.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(is_corrupt(&wrong), "{bit}");
    }
}

/// Whoever writes a file can write its checksum too. Then it is refused, or is an index.
#[test]
fn a_changed_byte_with_its_checksum_does_no_harm() {
    let file = changed(Metric::Dot, 60).save();
    let mut refused = 0;
    for at in 0..file.len() - 8 {
        for value in [0, 1, 0x7f, 0x80, 0xff, file[at] ^ 1] {
            let mut wrong = file.clone();
            wrong[at] = value;
            seal(&mut wrong);
            match Index::load(&wrong) {
                Ok(mut index) => {
                    let vector = vec![0.5; index.dimensions()];
                    let found = index.search_with(&vector, 3, 3).expect("a query");
                    assert!(found.len() <= 3);
                    // NB: full if the limit is what was changed
                    let _ = index.add(1, &vector);
                    for id in 0..20 {
                        index.delete(id * id);
                    }
                    assert_eq!(
                        Index::load(&index.save()).expect("what was saved").len(),
                        index.len()
                    );
                }
                Err(Error::Corrupt { .. }) => refused += 1,
                Err(error) => panic!("{error}"),
            }
        }
    }
    assert!(refused > 0);
}

/// Where a field is, and what it must not be.
#[test]
fn each_field_is_checked() {
    // five dimensions take 16 bytes of codes; 4 links take 8 in the lowest layer
    let (stride, record) = (16 + 20 + 1 + 3 * 8, 40);
    let file = changed(Metric::L2, 100).save();
    let live = (0..60)
        .find(|slot| file[record + slot * stride + 35] == 1)
        .expect("a vector");
    let free = (0..60)
        .find(|slot| file[record + slot * stride + 35] == 0)
        .expect("a free slot");
    let (live, free) = (record + live * stride, record + free * stride);
    let infinity = f32::INFINITY.to_le_bytes();
    let wrong: [(&str, usize, &[u8]); 22] = [
        ("magic", 0, b"C"),
        ("version", 7, &[2]),
        ("no dimensions", 8, &[0; 4]),
        ("dimensions", 8, &[17]),
        ("metric", 12, &[3]),
        ("one link", 13, &[1]),
        ("links", 13, &[5]),
        ("construction", 14, &[0; 2]),
        ("breadth", 16, &[0; 4]),
        ("no limit", 20, &[0; 4]),
        ("limit", 20, &[7, 0]),
        ("count", 32, &[81]),
        ("a great count", 32, &[0xff; 4]),
        ("start", 36, &[101]),
        ("code", live, &[0x80]),
        ("padding", live + 5, &[1]),
        ("scale", live + 16, &infinity),
        ("negative scale", live + 19, &[0xbf]),
        ("offset", live + 20, &infinity),
        ("state", live + 35, &[3]),
        ("number of links", live + 36, &[9]),
        ("link", live + 37, &[101, 0, 0]),
    ];
    for (name, at, bytes) in wrong {
        let mut wrong = file.clone();
        wrong[at..at + bytes.len()].copy_from_slice(bytes);
        seal(&mut wrong);
        assert!(is_corrupt(&wrong), "{name}");
    }
    // an id twice, links of a free slot, a link to one, and more behind the last
    let mut twice = file.clone();
    let other = (0..60)
        .map(|slot| record + slot * stride)
        .find(|&other| other != live && file[other + 35] == 1)
        .expect("another vector");
    twice.copy_within(live + 24..live + 32, other + 24);
    let mut linked = file.clone();
    linked[free + 36] = 1;
    let mut leading = file.clone();
    let slot = u32::try_from((free - record) / stride).expect("a small number");
    leading[live + 37..live + 40].copy_from_slice(&slot.to_le_bytes()[..3]);
    let mut behind = file.clone();
    behind[live + 36] -= 1;
    for mut wrong in [twice, linked, leading, behind] {
        seal(&mut wrong);
        assert!(is_corrupt(&wrong));
    }
}
