//! Archives without fault, whose files make no package.

use rmpkg::Kind;

use super::forged::{self, Part, RUNTIME, Zip, wheel};
use super::{Case, HELPER};

pub const CASES: &[Case] = &[
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

fn remove(zip: &mut Zip, name: &str) {
    zip.parts.retain(|part| part.local.name != name.as_bytes());
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
