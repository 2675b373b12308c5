//! Archives that could be read in two ways, are no files and folders, or grow too much.

use rmpkg::Kind;

use super::forged::{Part, Zip, deflate};
use super::{Case, HELPER};

pub const CASES: &[Case] = &[
    // End record
    ("empty file", Kind::NotZip, |zip| zip.raw = Some(Vec::new())),
    ("end record alone, cut off", Kind::NotZip, |zip| {
        zip.raw = Some(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec());
    }),
    ("comment of the archive", Kind::NotZip, |zip| {
        zip.end.comment = b"a comment".to_vec();
    }),
    ("byte behind the end", Kind::NotZip, |zip| {
        zip.after = vec![0]
    }),
    ("second archive behind the end", Kind::Disagreement, |zip| {
        zip.after = Zip::package().bytes();
    }),
    (
        "end record in the comment of another",
        Kind::Disagreement,
        |zip| {
            zip.end.comment = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        },
    ),
    ("signature of the end", Kind::NotZip, |zip| {
        zip.end.signature = Some(0x0605_4b51);
    }),
    ("number of this disk", Kind::Unsupported, |zip| {
        zip.end.disk = 1
    }),
    ("disk of the directory", Kind::Unsupported, |zip| {
        zip.end.directory_disk = 1;
    }),
    (
        "more entries in all than on this disk",
        Kind::Disagreement,
        |zip| {
            zip.end.entries_here = Some(3);
        },
    ),
    ("one entry too many is counted", Kind::Truncated, |zip| {
        zip.end.entries = Some(5);
    }),
    ("one entry too few is counted", Kind::Disagreement, |zip| {
        zip.end.entries = Some(3);
    }),
    ("no entry is counted", Kind::Disagreement, |zip| {
        zip.end.entries = Some(0);
    }),
    ("more entries than the limit", Kind::TooLarge, |zip| {
        zip.end.entries = Some(101);
    }),
    ("many empty entries", Kind::TooLarge, |zip| {
        for number in 0..100 {
            zip.add(&format!("models/{number}"), "");
        }
    }),
    ("directory shorter than it is", Kind::Disagreement, |zip| {
        zip.end.size = Some(46);
    }),
    ("directory longer than it is", Kind::Disagreement, |zip| {
        zip.end.size = Some(1 << 20);
    }),
    ("directory of no bytes", Kind::Disagreement, |zip| {
        zip.end.size = Some(0)
    }),
    ("directory before where it is", Kind::Disagreement, |zip| {
        zip.end.offset = Some(0);
    }),
    ("directory behind the end", Kind::Disagreement, |zip| {
        zip.end.offset = Some(0x7fff_ffff);
    }),
    ("something before the first entry", Kind::Gap, |zip| {
        zip.before = b"#!/bin/sh\n".to_vec();
    }),
    (
        "something before, which the offsets leave out",
        Kind::Disagreement,
        |zip| {
            let mut raw = b"#!/bin/sh\n".to_vec();
            raw.extend(Zip::package().bytes());
            zip.raw = Some(raw);
        },
    ),
    ("something before the directory", Kind::Gap, |zip| {
        zip.before_directory = vec![0; 5];
    }),
    (
        "something behind the directory",
        Kind::Disagreement,
        |zip| {
            zip.after_directory = vec![0; 5];
        },
    ),
    // ZIP64
    ("ZIP64 count of entries", Kind::Unsupported, |zip| {
        zip.end.entries = Some(u16::MAX);
    }),
    ("ZIP64 size of the directory", Kind::Unsupported, |zip| {
        zip.end.size = Some(u32::MAX);
    }),
    ("ZIP64 offset of the directory", Kind::Unsupported, |zip| {
        zip.end.offset = Some(u32::MAX);
    }),
    ("ZIP64 locator", Kind::Disagreement, |zip| {
        zip.after_directory = b"PK\x06\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0".to_vec();
    }),
    ("ZIP64 sizes of an entry", Kind::Unsupported, |zip| {
        zip.part(HELPER).both(|fields| {
            (fields.size, fields.compressed) = (u32::MAX, u32::MAX);
            fields.extra = extra(1, &[0; 16]);
        });
    }),
    (
        "ZIP64 size only in the directory",
        Kind::Unsupported,
        |zip| {
            zip.part(HELPER).central.size = u32::MAX;
        },
    ),
    ("ZIP64 offset of an entry", Kind::Unsupported, |zip| {
        zip.part(HELPER).offset = Some(u32::MAX);
    }),
    (
        "ZIP64 extra field beside sizes that fit",
        Kind::Unsupported,
        |zip| {
            zip.part(HELPER).local.extra = extra(1, &[0; 16]);
        },
    ),
    // Records
    ("signature of a local header", Kind::Truncated, |zip| {
        zip.part(HELPER).local_signature += 1;
    }),
    ("signature in the directory", Kind::Truncated, |zip| {
        zip.part(HELPER).central_signature += 1;
    }),
    ("flags of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.flags |= 1 << 11;
    }),
    ("method of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.method = 0;
    }),
    ("version of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.version = 10;
    }),
    ("time of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.time = 1;
    }),
    ("date of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.date = 0x22;
    }),
    ("checksum of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.checksum ^= 1;
    }),
    (
        "compressed size of the local header",
        Kind::Disagreement,
        |zip| {
            zip.part(HELPER).local.compressed += 1;
        },
    ),
    ("size of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.size += 1;
    }),
    ("name of the local header", Kind::Disagreement, |zip| {
        zip.part(HELPER).local.name = b"deps/python/hidden.py".to_vec();
    }),
    (
        "another case in the local header",
        Kind::Disagreement,
        |zip| {
            zip.part(HELPER).local.name = b"deps/python/Helper.py".to_vec();
        },
    ),
    (
        "escape only in the local header",
        Kind::Disagreement,
        |zip| {
            zip.part(HELPER).local.name = b"../../python/help.py".to_vec();
        },
    ),
    ("comment of an entry", Kind::Unsupported, |zip| {
        zip.part(HELPER).comment = b"a comment".to_vec();
    }),
    ("entry on another disk", Kind::Unsupported, |zip| {
        zip.part(HELPER).disk = 1
    }),
    ("version 4.5", Kind::Unsupported, |zip| {
        zip.part(HELPER).both(|fields| fields.version = 45);
    }),
    ("extra field cut off", Kind::Truncated, |zip| {
        zip.part(HELPER).local.extra = vec![0x55, 0x54, 9, 0, 1];
    }),
    ("extra field of three bytes", Kind::Truncated, |zip| {
        zip.part(HELPER).central.extra = vec![0x55, 0x54, 0];
    }),
    ("another name in an extra field", Kind::Unsupported, |zip| {
        zip.part(HELPER).central.extra = extra(0x7075, b"\x01\0\0\0\0../../evil");
    }),
    ("link in an extra field", Kind::Unsupported, |zip| {
        zip.part(HELPER).local.extra = extra(0x756e, &[0; 14]);
    }),
    // Where entries lie
    ("two entries with the same data", Kind::Gap, |zip| {
        let mut copy = zip.part(HELPER).clone();
        copy.rename("deps/python/copied.py");
        copy.offset = Some(offset_of(zip, HELPER));
        zip.parts.push(copy);
    }),
    ("entry inside another's data", Kind::Gap, |zip| {
        let mut inner = Zip::default();
        inner.add("models/inner", "inner");
        zip.add("models/outer", inner.bytes());
        let mut part = Part::stored("models/inner", b"inner");
        part.offset = Some(offset_of(zip, "models/outer") + 30 + 12);
        zip.parts.push(part);
    }),
    ("entry that the directory leaves out", Kind::Gap, |zip| {
        zip.part(HELPER).hidden = true;
        zip.listed = false;
    }),
    ("offset one too far", Kind::Gap, |zip| {
        zip.part(HELPER).offset = Some(offset_of(zip, HELPER) + 1);
    }),
    ("offset in the directory", Kind::Gap, |zip| {
        zip.part(HELPER).offset = Some(100_000);
    }),
    ("data longer than there is room", Kind::Gap, |zip| {
        zip.part(HELPER).both(|fields| fields.compressed += 1);
    }),
    ("data shorter than the room", Kind::Gap, |zip| {
        zip.part(HELPER).both(|fields| fields.compressed -= 1);
    }),
    ("something behind the data", Kind::Gap, |zip| {
        zip.part(HELPER).after = vec![0; 3];
    }),
    ("descriptor without its flag", Kind::Gap, |zip| {
        let part = zip.part(HELPER);
        part.after = part.clone().with_descriptor().after;
    }),
    ("flag without its descriptor", Kind::Gap, |zip| {
        zip.part(HELPER).both(|fields| fields.flags |= 8);
    }),
    (
        "descriptor with another checksum",
        Kind::Disagreement,
        |zip| {
            let part = zip.part(HELPER);
            *part = part.clone().with_descriptor();
            part.after[4] ^= 1;
        },
    ),
    ("descriptor with another size", Kind::Disagreement, |zip| {
        let part = zip.part(HELPER);
        *part = part.clone().with_descriptor();
        part.after[12] ^= 1;
    }),
    ("descriptor of ZIP64", Kind::Gap, |zip| {
        let part = zip.part(HELPER);
        *part = part.clone().with_descriptor();
        part.after.extend([0; 8]);
    }),
    (
        "descriptor, and only half of the header is zero",
        Kind::Disagreement,
        |zip| {
            let part = zip.part(HELPER);
            *part = part.clone().with_descriptor();
            part.local.size = part.central.size;
        },
    ),
    // Encryption and methods
    ("encrypted", Kind::Encrypted, |zip| {
        zip.part(HELPER).both(|fields| fields.flags |= 1);
    }),
    ("strong encryption", Kind::Encrypted, |zip| {
        zip.part(HELPER).both(|fields| fields.flags |= 1 << 6);
    }),
    ("encrypted directory", Kind::Encrypted, |zip| {
        zip.part(HELPER).both(|fields| fields.flags |= 1 << 13);
    }),
    ("AES", Kind::Encrypted, |zip| {
        zip.part(HELPER).both(|fields| {
            fields.method = 99;
            fields.extra = extra(0x9901, &[2, 0, b'A', b'E', 3, 8, 0]);
        });
    }),
    (
        "encrypted, says only the local header",
        Kind::Disagreement,
        |zip| {
            zip.part(HELPER).local.flags |= 1;
        },
    ),
    ("patched data", Kind::Unsupported, |zip| {
        zip.part(HELPER).both(|fields| fields.flags |= 1 << 5);
    }),
    ("unknown flag", Kind::Unsupported, |zip| {
        zip.part(HELPER).both(|fields| fields.flags |= 1 << 15);
    }),
    ("method deflate64", Kind::Unsupported, |zip| {
        zip.part(HELPER).both(|fields| fields.method = 9);
    }),
    ("method bzip2", Kind::Unsupported, |zip| {
        zip.part(HELPER).both(|fields| fields.method = 12);
    }),
    ("method zstd", Kind::Unsupported, |zip| {
        zip.part(HELPER).both(|fields| fields.method = 93);
    }),
    // Links and special files
    ("symbolic link", Kind::SpecialFile, |zip| {
        zip.add("models/link", "/etc/passwd");
        zip.part("models/link").external = 0o120_777 << 16;
    }),
    ("symbolic link by DOS", Kind::SpecialFile, |zip| {
        zip.add("models/link", "/etc/passwd");
        let part = zip.part("models/link");
        (part.made_by, part.external) = (20, 0o120_777 << 16);
    }),
    ("device", Kind::SpecialFile, |zip| {
        zip.part(HELPER).external = 0o020_666 << 16
    }),
    ("block device", Kind::SpecialFile, |zip| {
        zip.part(HELPER).external = 0o060_666 << 16
    }),
    ("named pipe", Kind::SpecialFile, |zip| {
        zip.part(HELPER).external = 0o010_666 << 16
    }),
    ("socket", Kind::SpecialFile, |zip| {
        zip.part(HELPER).external = 0o140_666 << 16
    }),
    ("name of a volume", Kind::SpecialFile, |zip| {
        zip.part(HELPER).external = 0x08
    }),
    ("folder by attributes only", Kind::SpecialFile, |zip| {
        zip.part(HELPER).external = 0o040_755 << 16;
    }),
    (
        "folder by DOS's attributes only",
        Kind::SpecialFile,
        |zip| {
            zip.part(HELPER).external = 0x10;
        },
    ),
    ("folder by its name only", Kind::SpecialFile, |zip| {
        zip.add("models/", "");
    }),
    ("folder with contents", Kind::SpecialFile, |zip| {
        zip.add("models/", "contents");
        zip.part("models/").external = 0o040_755 << 16;
    }),
    // Data
    (
        "stored, with a size that is not its own",
        Kind::Disagreement,
        |zip| {
            zip.part("runtime.wasm").both(|fields| fields.size += 1);
        },
    ),
    ("checksum in both places", Kind::Corrupt, |zip| {
        zip.part(HELPER)
            .both(|fields| fields.checksum ^= 0x8000_0000);
    }),
    ("checksum of what is stored", Kind::Corrupt, |zip| {
        zip.part("runtime.wasm").data[4] = 2;
    }),
    ("longer than it says", Kind::Corrupt, |zip| {
        zip.part(HELPER).both(|fields| fields.size -= 1);
    }),
    ("shorter than it says", Kind::Corrupt, |zip| {
        zip.part(HELPER).both(|fields| fields.size += 1);
    }),
    ("empty, it says", Kind::Corrupt, |zip| {
        zip.part(HELPER).both(|fields| fields.size = 0);
    }),
    ("deflate of an unknown block", Kind::Corrupt, |zip| {
        zip.part(HELPER).data[0] |= 0b110;
    }),
    ("deflate that is cut off", Kind::Corrupt, |zip| {
        let mut data = deflate(b"answer = 42\n");
        data.pop();
        zip.part(HELPER).set_data(8, data);
    }),
    ("deflate of no bytes", Kind::Corrupt, |zip| {
        zip.part(HELPER).set_data(8, Vec::new())
    }),
    ("something behind the deflated data", Kind::Corrupt, |zip| {
        let mut data = deflate(b"answer = 42\n");
        data.push(0);
        zip.part(HELPER).set_data(8, data);
    }),
    ("data before the beginning", Kind::Corrupt, |zip| {
        // a block of fixed codes: length 3, distance 1, with nothing before it
        zip.part(HELPER).set_data(8, vec![0x03, 0x02, 0x00]);
    }),
    // Bombs
    ("more bytes than the limit", Kind::TooLarge, |zip| {
        zip.raw = Some(vec![0; (8 << 20) + 1]);
    }),
    ("declared size over the limit", Kind::TooLarge, |zip| {
        zip.part(HELPER).both(|fields| fields.size = 9 << 20);
    }),
    ("declared size near 4 GiB", Kind::TooLarge, |zip| {
        zip.part(HELPER).both(|fields| fields.size = u32::MAX - 1);
    }),
    ("grows a thousandfold", Kind::Ratio, |zip| {
        zip.parts
            .push(Part::deflated("models/zeros", &vec![0; 4 << 20]));
    }),
    (
        "grows a thousandfold, and says less",
        Kind::Corrupt,
        |zip| {
            let mut part = Part::deflated("models/zeros", &vec![0; 4 << 20]);
            part.both(|fields| fields.size = 1000);
            zip.parts.push(part);
        },
    ),
    ("says that it grows, and does not", Kind::Ratio, |zip| {
        zip.part(HELPER).both(|fields| fields.size = 4 << 20);
    }),
    (
        "each entry below the limit, all above",
        Kind::TooLarge,
        |zip| {
            for number in 0..9 {
                let name = format!("models/{number}");
                zip.parts.push(Part::deflated(&name, &vec![0; 1 << 20]));
            }
        },
    ),
    ("many entries of one bomb's data", Kind::Gap, |zip| {
        zip.parts
            .push(Part::deflated("models/0", &vec![0; 1 << 17]));
        let mut copy = zip.part("models/0").clone();
        copy.offset = Some(offset_of(zip, "models/0"));
        for number in 1..20 {
            copy.rename(format!("models/{number}"));
            zip.parts.push(copy.clone());
        }
    }),
];

fn extra(id: u16, contents: &[u8]) -> Vec<u8> {
    let mut field = id.to_le_bytes().to_vec();
    field.extend(u16::try_from(contents.len()).unwrap().to_le_bytes());
    field.extend(contents);
    field
}

/// Where an entry begins.
fn offset_of(zip: &Zip, name: &str) -> u32 {
    let before = zip
        .parts
        .iter()
        .take_while(|part| part.local.name != name.as_bytes());
    let bytes: usize = before
        .map(|part| {
            30 + part.local.name.len() + part.local.extra.len() + part.data.len() + part.after.len()
        })
        .sum();
    u32::try_from(bytes).unwrap()
}
