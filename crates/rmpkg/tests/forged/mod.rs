//! Archives in which every field can be wrong, by a writer that shares no code with the crate's.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use sha2::{Digest as _, Sha256};

/// What local header and directory both say.
#[derive(Clone, Default)]
pub struct Fields {
    pub version: u16,
    pub flags: u16,
    pub method: u16,
    pub time: u16,
    pub date: u16,
    pub checksum: u32,
    pub compressed: u32,
    pub size: u32,
    pub name: Vec<u8>,
    pub extra: Vec<u8>,
}

impl Fields {
    fn write(&self, out: &mut Vec<u8>) {
        for field in [self.version, self.flags, self.method, self.time, self.date] {
            out.extend(field.to_le_bytes());
        }
        for field in [self.checksum, self.compressed, self.size] {
            out.extend(field.to_le_bytes());
        }
        out.extend(short(self.name.len()).to_le_bytes());
        out.extend(short(self.extra.len()).to_le_bytes());
    }
}

/// An entry; without changes a good one.
#[derive(Clone, Default)]
pub struct Part {
    pub local_signature: u32,
    pub local: Fields,
    pub data: Vec<u8>,
    /// what follows the data, such as a data descriptor
    pub after: Vec<u8>,
    pub central_signature: u32,
    pub made_by: u16,
    pub central: Fields,
    pub comment: Vec<u8>,
    pub disk: u16,
    pub internal: u16,
    pub external: u32,
    /// in place of where it is
    pub offset: Option<u32>,
    /// whether the directory leaves it out
    pub hidden: bool,
}

impl Part {
    /// A file that is stored.
    pub fn stored(name: &str, contents: &[u8]) -> Self {
        let fields = Fields {
            version: 20,
            date: 0x21,
            checksum: crc32(contents),
            compressed: u32::try_from(contents.len()).unwrap(),
            size: u32::try_from(contents.len()).unwrap(),
            name: name.into(),
            ..Fields::default()
        };
        Self {
            local_signature: 0x0403_4b50,
            central_signature: 0x0201_4b50,
            made_by: 0x0314,
            local: fields.clone(),
            central: fields,
            data: contents.to_vec(),
            external: 0o100_644 << 16,
            ..Self::default()
        }
    }

    /// A file that is deflated.
    pub fn deflated(name: &str, contents: &[u8]) -> Self {
        let mut part = Self::stored(name, contents);
        part.set_data(8, deflate(contents));
        part
    }

    /// A folder.
    pub fn folder(name: &str) -> Self {
        let mut part = Self::stored(name, b"");
        part.external = 0o040_755 << 16 | 0x10;
        part
    }

    /// Other data, and a method, without changing size or checksum.
    pub fn set_data(&mut self, method: u16, data: Vec<u8>) {
        self.both(|fields| {
            fields.method = method;
            fields.compressed = u32::try_from(data.len()).unwrap();
        });
        self.data = data;
    }

    /// Changes the local header and the directory alike.
    pub fn both(&mut self, change: impl Fn(&mut Fields)) {
        change(&mut self.local);
        change(&mut self.central);
    }

    /// Another name, in both places.
    pub fn rename(&mut self, name: impl Into<Vec<u8>>) {
        let name = name.into();
        self.both(|fields| fields.name.clone_from(&name));
    }

    /// Checksum and sizes after the data, as writers do that do not know them before.
    pub fn with_descriptor(mut self) -> Self {
        self.both(|fields| fields.flags |= 8);
        (self.local.checksum, self.local.compressed, self.local.size) = (0, 0, 0);
        self.after = 0x0807_4b50_u32.to_le_bytes().to_vec();
        for field in [
            self.central.checksum,
            self.central.compressed,
            self.central.size,
        ] {
            self.after.extend(field.to_le_bytes());
        }
        self
    }
}

/// The end record; what is not said is as it should be.
#[derive(Clone, Default)]
pub struct End {
    pub signature: Option<u32>,
    pub disk: u16,
    pub directory_disk: u16,
    pub entries_here: Option<u16>,
    pub entries: Option<u16>,
    pub size: Option<u32>,
    pub offset: Option<u32>,
    pub comment: Vec<u8>,
}

/// An archive.
#[derive(Clone, Default)]
pub struct Zip {
    pub before: Vec<u8>,
    pub parts: Vec<Part>,
    pub before_directory: Vec<u8>,
    pub after_directory: Vec<u8>,
    pub end: End,
    pub after: Vec<u8>,
    /// in place of all of it
    pub raw: Option<Vec<u8>>,
    /// the listing is made when the archive is, unless it is one of the parts
    pub listed: bool,
}

impl Zip {
    /// A good package of the layout that is written.
    pub fn package() -> Self {
        Self {
            parts: vec![
                Part::stored("manifest.json", MANIFEST.as_bytes()),
                Part::stored("runtime.wasm", RUNTIME),
                Part::deflated("deps/python/helper.py", b"answer = 42\n"),
            ],
            listed: true,
            ..Self::default()
        }
    }

    /// The entry of this name.
    pub fn part(&mut self, name: &str) -> &mut Part {
        self.parts
            .iter_mut()
            .find(|part| part.local.name == name.as_bytes())
            .unwrap()
    }

    /// Puts a file in the place of one.
    pub fn set(&mut self, name: &str, contents: impl AsRef<[u8]>) {
        *self.part(name) = Part::stored(name, contents.as_ref());
    }

    /// Adds a file.
    pub fn add(&mut self, name: &str, contents: impl AsRef<[u8]>) {
        self.parts.push(Part::stored(name, contents.as_ref()));
    }

    /// A listing of its files, as it should be.
    pub fn listing(&self) -> String {
        let mut lines: Vec<_> = self
            .parts
            .iter()
            .filter(|part| !part.local.name.ends_with(b"/") && part.central.method == 0)
            .map(|part| (part.local.name.clone(), part.data.clone()))
            .collect();
        lines.push((b"deps/python/helper.py".to_vec(), b"answer = 42\n".to_vec()));
        lines.sort();
        lines
            .iter()
            .map(|(name, contents)| {
                format!("{}  {}\n", sha256(contents), String::from_utf8_lossy(name))
            })
            .collect::<Vec<_>>()
            .concat()
    }

    /// The archive's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut zip = self.clone();
        if zip.listed {
            zip.add("meta/SHA256SUMS", self.listing());
        }
        zip.assembled()
    }

    fn assembled(self) -> Vec<u8> {
        let mut out = self.before;
        let mut directory = Vec::new();
        for part in &self.parts {
            let offset = part.offset.unwrap_or(u32::try_from(out.len()).unwrap());
            out.extend(part.local_signature.to_le_bytes());
            part.local.write(&mut out);
            for bytes in [&part.local.name, &part.local.extra, &part.data, &part.after] {
                out.extend(bytes);
            }
            if part.hidden {
                continue;
            }
            directory.extend(part.central_signature.to_le_bytes());
            directory.extend(part.made_by.to_le_bytes());
            part.central.write(&mut directory);
            directory.extend(short(part.comment.len()).to_le_bytes());
            directory.extend(part.disk.to_le_bytes());
            directory.extend(part.internal.to_le_bytes());
            directory.extend(part.external.to_le_bytes());
            directory.extend(offset.to_le_bytes());
            for bytes in [&part.central.name, &part.central.extra, &part.comment] {
                directory.extend(bytes);
            }
        }
        out.extend(self.before_directory);
        let start = u32::try_from(out.len()).unwrap();
        let size = u32::try_from(directory.len()).unwrap();
        out.extend(directory);
        out.extend(self.after_directory);
        let end = self.end;
        let shown = self.parts.iter().filter(|part| !part.hidden).count();
        let entries = end.entries.unwrap_or(short(shown));
        out.extend(end.signature.unwrap_or(0x0605_4b50).to_le_bytes());
        out.extend(end.disk.to_le_bytes());
        out.extend(end.directory_disk.to_le_bytes());
        out.extend(end.entries_here.unwrap_or(entries).to_le_bytes());
        out.extend(entries.to_le_bytes());
        out.extend(end.size.unwrap_or(size).to_le_bytes());
        out.extend(end.offset.unwrap_or(start).to_le_bytes());
        out.extend(short(end.comment.len()).to_le_bytes());
        out.extend(end.comment);
        out.extend(self.after);
        out
    }
}

/// A manifest of two nodes.
pub const MANIFEST: &str = r#"{
  "version": "v1",
  "metadata": { "name": "calculator", "version": "1.2.0" },
  "runtime": { "target": "wasm32-wasi" },
  "nodes": [
    { "id": "multiply", "node_type": "MultiplyNode", "params": { "factor": 3 } },
    { "id": "add", "node_type": "AddNode", "params": { "addend": 1 } }
  ],
  "connections": [{ "from": "multiply", "to": "add" }]
}
"#;

/// The smallest module.
pub const RUNTIME: &[u8] = b"\0asm\x01\0\0\0";

/// A wheel with a module.
pub fn wheel() -> Zip {
    let mut wheel = Zip::default();
    wheel.add("greeting.py", "def greet():\n    return 'hello'\n");
    for file in ["METADATA", "RECORD", "WHEEL"] {
        wheel.add(&format!("greeting-1.0.dist-info/{file}"), "");
    }
    wheel
}

/// Compressed by deflate, without a header.
pub fn deflate(contents: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(contents).unwrap();
    encoder.finish().unwrap()
}

/// The SHA-256 in hexadecimal digits.
pub fn sha256(contents: &[u8]) -> String {
    Sha256::digest(contents)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat()
}

/// ZIP's checksum: APPNOTE.TXT 4.4.7, bit by bit.
pub fn crc32(contents: &[u8]) -> u32 {
    !contents.iter().fold(!0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            (sum >> 1) ^ ((sum & 1) * 0xedb8_8320)
        })
    })
}

fn short(length: usize) -> u16 {
    u16::try_from(length).unwrap()
}
