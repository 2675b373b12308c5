//! Packages that must be refused, and for what.
//!
//! Each case is a good package with one change, and the kind of error that it must give: another
//! kind would mean that the reader got further than it may, or not as far as the case goes.

mod forged;

use forged::{Part, RUNTIME, Zip, deflate, wheel};
use rmpkg::signature::SecretKey;
use rmpkg::{Kind, Limits, Package};

/// Small, so that the bombs are.
const LIMITS: Limits = Limits {
    bytes: 8 << 20,
    entries: 100,
    ratio: 200,
};

type Case = (&'static str, Kind, fn(&mut Zip));

/// The entry that cases change: not the first, not the last, and compressed.
const HELPER: &str = "deps/python/helper.py";

const ARCHIVES: &[Case] = &[
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
        let inner = inner.bytes();
        zip.add("models/outer", &inner);
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
        zip.add("models/noise", noise(9 << 20));
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
    // Names
    ("`..`", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("..")
    }),
    ("`../`", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("../helper.py")
    }),
    ("`..` in the middle", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("deps/../../helper.py");
    }),
    ("`..` that stays inside", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("deps/python/../helper.py");
    }),
    ("`..` at the end", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("deps/..")
    }),
    ("absolute", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("/etc/cron.d/helper")
    }),
    ("two slashes", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("//host/share")
    }),
    ("backslashes", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename(r"..\..\helper.py")
    }),
    ("a backslash at the beginning", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename(r"\helper.py");
    }),
    ("drive", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("C:/helper.py")
    }),
    ("drive without a root", Kind::PathEscape, |zip| {
        zip.part(HELPER).rename("c:helper.py")
    }),
    ("`.`", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps/./helper.py")
    }),
    ("empty part", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps//helper.py")
    }),
    ("no name", Kind::Name, |zip| zip.part(HELPER).rename("")),
    ("NUL", Kind::Name, |zip| {
        zip.part(HELPER).rename("helper.py\0.txt")
    }),
    ("newline", Kind::Name, |zip| {
        zip.part(HELPER).rename("helper\n.py")
    }),
    ("escape of a terminal", Kind::Name, |zip| {
        zip.part(HELPER).rename("\x1b[2Jhelper.py")
    }),
    ("not UTF-8", Kind::Name, |zip| {
        zip.part(HELPER).rename(b"helper\xff.py".to_vec());
    }),
    ("overlong `/` of UTF-8", Kind::Name, |zip| {
        zip.part(HELPER).both(|fields| fields.flags |= 1 << 11);
        zip.part(HELPER).rename(b"..\xc0\xafhelper.py".to_vec());
    }),
    ("beyond ASCII, in no known encoding", Kind::Name, |zip| {
        zip.part(HELPER).rename("h\u{e9}lper.py");
    }),
    ("direction turned", Kind::Name, |zip| {
        unicode(zip, "helper\u{202e}yp.exe")
    }),
    ("invisible letter", Kind::Name, |zip| {
        unicode(zip, "hel\u{200b}per.py")
    }),
    ("device of Windows", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps/NUL")
    }),
    ("device of Windows with an extension", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps/aux.py");
    }),
    ("numbered device of Windows", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps/com1.txt")
    }),
    ("stream of NTFS", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps/helper.py:evil")
    }),
    ("dot at the end", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps/helper.")
    }),
    ("space at the end", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps /helper.py")
    }),
    ("pattern", Kind::Name, |zip| {
        zip.part(HELPER).rename("deps/*.py")
    }),
    ("part of 256 bytes", Kind::Name, |zip| {
        zip.part(HELPER).rename("a".repeat(256))
    }),
    ("1,025 bytes", Kind::Name, |zip| {
        zip.part(HELPER)
            .rename("a".repeat(204) + &format!("/{}", "b".repeat(204)).repeat(4) + "c");
    }),
    ("33 folders deep", Kind::Name, |zip| {
        zip.part(HELPER).rename("a/".repeat(33) + "b")
    }),
    // Duplicates
    ("the same name twice", Kind::Duplicate, |zip| {
        zip.add("runtime.wasm", RUNTIME)
    }),
    ("manifest twice", Kind::Duplicate, |zip| {
        zip.add("manifest.json", "{}")
    }),
    ("another case", Kind::Duplicate, |zip| {
        zip.add("Manifest.JSON", "{}")
    }),
    ("another case of a folder", Kind::Duplicate, |zip| {
        zip.add("Deps/python/other.py", "")
    }),
    ("another case beyond ASCII", Kind::Duplicate, |zip| {
        add_unicode(zip, "models/\u{3a3}");
        add_unicode(zip, "models/\u{3c2}");
    }),
    (
        "two letters that are one in capitals",
        Kind::Duplicate,
        |zip| {
            add_unicode(zip, "models/stra\u{df}e");
            zip.add("models/strasse", "");
        },
    ),
    ("composed and decomposed", Kind::Duplicate, |zip| {
        add_unicode(zip, "models/\u{e9}");
        add_unicode(zip, "models/e\u{301}");
    }),
    ("a letter and its compatible form", Kind::Duplicate, |zip| {
        add_unicode(zip, "models/\u{fb01}le");
        zip.add("models/file", "");
    }),
    ("file in the way of a folder", Kind::Duplicate, |zip| {
        zip.add("models", "");
        zip.add("models/tiny.bin", "");
    }),
    ("folder in the way of a file", Kind::Duplicate, |zip| {
        zip.add("models/tiny.bin", "");
        zip.add("models", "");
    }),
    ("folder twice", Kind::Duplicate, |zip| {
        zip.parts.push(Part::folder("models/"));
        zip.parts.push(Part::folder("models/"));
    }),
];

const CONTENTS: &[Case] = &[
    ("no entries", Kind::Missing, |zip| {
        zip.parts.clear();
        zip.listed = false;
    }),
    ("no manifest", Kind::Missing, |zip| {
        remove(zip, "manifest.json")
    }),
    ("no runtime", Kind::Missing, |zip| {
        remove(zip, "runtime.wasm")
    }),
    ("manifest in a folder", Kind::Missing, |zip| {
        zip.part("manifest.json").rename("package/manifest.json");
    }),
    ("runtime of both layouts", Kind::Ambiguous, |zip| {
        zip.add("modules/remotemedia_runtime.wasm", RUNTIME);
    }),
    ("dependencies of the other layout", Kind::Ambiguous, |zip| {
        zip.add("wasi-deps/usr/lib/os.py", "");
    }),
    // Listing
    ("hash of another file", Kind::Hash, |zip| {
        relist(zip, |listing| {
            let runtime = forged::sha256(RUNTIME);
            let other = forged::sha256(b"other");
            listing.replace(&runtime, &other)
        });
    }),
    ("contents changed, checksum and all", Kind::Hash, |zip| {
        relist(zip, |listing| listing);
        zip.set(
            "manifest.json",
            forged::MANIFEST.replace("\"factor\": 3", "\"factor\": 4"),
        );
    }),
    ("file that is not listed", Kind::Unlisted, |zip| {
        relist(zip, |listing| listing);
        zip.add("models/late.bin", "");
    }),
    ("listing leaves one out", Kind::Unlisted, |zip| {
        relist(zip, |listing| {
            lines(&listing, |line| !line.ends_with("helper.py"))
        });
    }),
    (
        "listed file that is not there",
        Kind::ListedMissing,
        |zip| {
            relist(zip, |listing| listing);
            remove(zip, HELPER);
        },
    ),
    ("empty listing", Kind::Unlisted, |zip| {
        relist(zip, |_| String::new())
    }),
    ("listing with capitals", Kind::Listing, |zip| {
        relist(zip, |listing| listing.to_uppercase());
    }),
    ("listing in another order", Kind::Listing, |zip| {
        relist(zip, |listing| {
            let mut lines: Vec<_> = listing.lines().rev().collect();
            lines.push("");
            lines.join("\n")
        });
    }),
    ("file listed twice", Kind::Listing, |zip| {
        relist(zip, |listing| {
            let first = listing.lines().next().unwrap();
            format!("{first}\n{listing}")
        });
    }),
    ("listing without its last newline", Kind::Listing, |zip| {
        relist(zip, |listing| listing.trim_end().to_owned());
    }),
    ("listing of binary files", Kind::Listing, |zip| {
        relist(zip, |listing| listing.replace("  ", " *"));
    }),
    ("listing with Windows' newlines", Kind::Unlisted, |zip| {
        relist(zip, |listing| listing.replace('\n', "\r\n"));
    }),
    ("hash cut short", Kind::Listing, |zip| {
        relist(zip, |listing| listing[1..].to_owned())
    }),
    ("listing that is not UTF-8", Kind::Listing, |zip| {
        zip.listed = false;
        zip.add("meta/SHA256SUMS", b"\xff\xfe");
    }),
    ("signature without a listing", Kind::Signature, |zip| {
        zip.listed = false;
        zip.add("meta/signature.sig", [0; 64]);
    }),
    // JSON
    ("manifest that is no JSON", Kind::Json, |zip| {
        zip.set("manifest.json", "version: v1")
    }),
    ("manifest of no bytes", Kind::Json, |zip| {
        zip.set("manifest.json", "")
    }),
    ("manifest that is cut off", Kind::Json, |zip| {
        zip.set("manifest.json", &forged::MANIFEST[..100]);
    }),
    ("something behind the manifest", Kind::Json, |zip| {
        zip.set("manifest.json", format!("{}{{}}", forged::MANIFEST));
    }),
    ("manifest that is not UTF-8", Kind::Json, |zip| {
        zip.set("manifest.json", b"{\"version\": \"\xff\"}");
    }),
    ("byte order mark", Kind::Json, |zip| {
        zip.set("manifest.json", format!("\u{feff}{}", forged::MANIFEST));
    }),
    ("key twice", Kind::Json, |zip| {
        let nodes = "\"nodes\": [],\n  \"connections\"";
        zip.set(
            "manifest.json",
            forged::MANIFEST.replace("\"connections\"", nodes),
        );
    }),
    ("key twice, once escaped", Kind::Json, |zip| {
        let version = "{\n  \"\\u0076ersion\": \"v2\",";
        zip.set("manifest.json", forged::MANIFEST.replacen('{', version, 1));
    }),
    (
        "a hundred thousand lists in each other",
        Kind::Json,
        |zip| {
            zip.set("manifest.json", "[".repeat(100_000));
        },
    ),
    ("manifest that is a list", Kind::Manifest, |zip| {
        zip.set("manifest.json", "[]")
    }),
    ("target of another platform", Kind::Manifest, |zip| {
        zip.set(
            "manifest.json",
            forged::MANIFEST.replace("wasm32-wasi", "native"),
        );
    }),
    ("connection to no node", Kind::Manifest, |zip| {
        zip.set(
            "manifest.json",
            forged::MANIFEST.replace("\"to\": \"add\"", "\"to\": \"sum\""),
        );
    }),
    // Runtime
    ("runtime that is a script", Kind::Runtime, |zip| {
        zip.set("runtime.wasm", "#!/bin/sh\n")
    }),
    ("runtime of no bytes", Kind::Runtime, |zip| {
        zip.set("runtime.wasm", "")
    }),
    ("runtime that is a component", Kind::Runtime, |zip| {
        zip.set("runtime.wasm", b"\0asm\x0d\0\x01\0");
    }),
    // Wheels
    ("wheel that is no archive", Kind::NotZip, |zip| {
        add_wheel(zip, b"wheel".to_vec())
    }),
    ("wheel that leads out", Kind::PathEscape, |zip| {
        let mut wheel = wheel();
        wheel.part("greeting.py").rename("../greeting.py");
        add_wheel(zip, wheel.bytes());
    }),
    ("wheel with a link", Kind::SpecialFile, |zip| {
        let mut wheel = wheel();
        wheel.part("greeting.py").external = 0o120_777 << 16;
        add_wheel(zip, wheel.bytes());
    }),
    ("wheel that is corrupt", Kind::Corrupt, |zip| {
        let mut wheel = wheel();
        wheel.part("greeting.py").data[0] ^= 1;
        add_wheel(zip, wheel.bytes());
    }),
    ("bomb in a wheel", Kind::TooLarge, |zip| {
        let mut wheel = wheel();
        for number in 0..9 {
            let zeros = Part::deflated(&format!("{number}.bin"), &vec![0; 1 << 20]);
            wheel.parts.push(zeros);
        }
        add_wheel(zip, wheel.bytes());
    }),
    (
        "two wheels, which are a bomb together",
        Kind::TooLarge,
        |zip| {
            for name in ["one", "two"] {
                let mut wheel = wheel();
                for number in 0..5 {
                    let zeros = Part::deflated(&format!("{number}.bin"), &vec![0; 1 << 20]);
                    wheel.parts.push(zeros);
                }
                zip.add(
                    &format!("deps/wheels/{name}-1.0-py3-none-any.whl"),
                    wheel.bytes(),
                );
            }
        },
    ),
    ("wheel without RECORD", Kind::Wheel, |zip| {
        let mut wheel = wheel();
        remove(&mut wheel, "greeting-1.0.dist-info/RECORD");
        add_wheel(zip, wheel.bytes());
    }),
    ("wheel without tags", Kind::Wheel, |zip| {
        zip.add("deps/wheels/greeting.whl", wheel().bytes());
    }),
];

#[test]
fn the_package_that_the_cases_change_is_good() {
    let package = Package::read(&Zip::package().bytes(), &LIMITS).unwrap();
    assert_eq!(package.warnings(), [""; 0]);
    assert_eq!(package.file(HELPER), Some(&b"answer = 42\n"[..]));
}

#[test]
fn archives_are_refused() {
    refused(ARCHIVES);
}

#[test]
fn contents_are_refused() {
    refused(CONTENTS);
}

fn refused(cases: &[Case]) {
    let mut wrong = Vec::new();
    for (name, expected, change) in cases {
        let mut zip = Zip::package();
        change(&mut zip);
        match Package::read(&zip.bytes(), &LIMITS) {
            Err(error) if error.kind == *expected => println!("{name}: {error}"),
            Err(error) => wrong.push(format!("{name}: expected {expected}, found {error}")),
            Ok(_) => wrong.push(format!("{name}: expected {expected}, but it was taken")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_beginning_of_a_package_is_refused() {
    let archive = Zip::package().bytes();
    for length in 0..archive.len() {
        assert!(
            Package::read(&archive[..length], &LIMITS).is_err(),
            "{length} of {} bytes",
            archive.len()
        );
    }
}

#[test]
fn signatures_of_others_are_refused() {
    let key = SecretKey::generate().unwrap();
    let other = SecretKey::generate().unwrap();
    let mut zip = Zip::package();
    let listing = zip.listing();
    let mut altered = key.sign(listing.as_bytes());
    altered[40] ^= 1;
    // a signature whose numbers are all zero fits keys of small order only
    let signatures: [(&str, &[u8]); 5] = [
        ("another key's", &other.sign(listing.as_bytes())),
        ("of another listing", &key.sign(b"")),
        ("altered", &altered),
        ("zeros", &[0; 64]),
        ("short", &[0; 63]),
    ];
    let unsigned = Package::read(&zip.bytes(), &LIMITS).unwrap();
    let error = unsigned.verify_signature(&key.public()).unwrap_err();
    assert_eq!(error.kind, Kind::Unsigned);

    zip.add("meta/signature.sig", key.sign(listing.as_bytes()));
    zip.listed = false;
    zip.add("meta/SHA256SUMS", &listing);
    let signed = Package::read(&zip.bytes(), &LIMITS).unwrap();
    signed.verify_signature(&key.public()).unwrap();
    for (name, signature) in signatures {
        zip.set("meta/signature.sig", signature);
        let package = Package::read(&zip.bytes(), &LIMITS).unwrap();
        let error = package.verify_signature(&key.public()).unwrap_err();
        assert_eq!(error.kind, Kind::Signature, "{name}");
    }
}

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

fn remove(zip: &mut Zip, name: &str) {
    zip.parts.retain(|part| part.local.name != name.as_bytes());
}

/// Gives the helper a name beyond ASCII.
fn unicode(zip: &mut Zip, name: &str) {
    zip.part(HELPER).both(|fields| fields.flags |= 1 << 11);
    zip.part(HELPER).rename(name);
}

fn add_unicode(zip: &mut Zip, name: &str) {
    zip.add(name, "");
    zip.part(name).both(|fields| fields.flags |= 1 << 11);
}

/// Puts a listing in that was changed, of the files as they are now.
fn relist(zip: &mut Zip, change: impl Fn(String) -> String) {
    zip.listed = false;
    let listing = change(zip.listing());
    zip.add("meta/SHA256SUMS", listing);
}

fn lines(text: &str, keep: impl Fn(&str) -> bool) -> String {
    text.split_inclusive('\n')
        .filter(|line| keep(line.trim_end()))
        .collect()
}

fn add_wheel(zip: &mut Zip, wheel: Vec<u8>) {
    zip.add("deps/wheels/greeting-1.0-py3-none-any.whl", wheel);
}

/// Bytes that do not compress: xorshift (Marsaglia 2003).
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    (0..length)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()[1]
        })
        .collect()
}
