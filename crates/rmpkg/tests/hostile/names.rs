//! Names that lead out, that some system cannot have, or that are one file.

use rmpkg::Kind;

use super::forged::{Part, RUNTIME, Zip};
use super::{Case, HELPER};

pub const CASES: &[Case] = &[
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

/// Gives the helper a name beyond ASCII.
fn unicode(zip: &mut Zip, name: &str) {
    zip.part(HELPER).both(|fields| fields.flags |= 1 << 11);
    zip.part(HELPER).rename(name);
}

fn add_unicode(zip: &mut Zip, name: &str) {
    zip.add(name, "");
    zip.part(name).both(|fields| fields.flags |= 1 << 11);
}
