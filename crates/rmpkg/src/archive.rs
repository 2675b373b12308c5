//! Reads ZIP archives, and refuses every one that two programs could read differently.
//!
//! The archive is one piece: entries without a gap from its first byte on, then their directory,
//! then the end record, and nothing else. So no byte is without an owner, none has two, and what
//! one reader finds from the front is what another finds from the back. Sizes are held against the
//! limits before memory is taken for them.
//!
//! Source of the format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.

use std::ops::Range;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::error::{Error, Kind, Result, ensure};
use crate::paths::Names;

const LOCAL: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

const FLAG_ENCRYPTED: u16 = 1 << 0 | 1 << 6 | 1 << 13;
/// How hard the writer tried to compress.
const FLAG_EFFORT: u16 = 1 << 1 | 1 << 2;
/// Checksum and sizes follow the data.
const FLAG_DESCRIPTOR: u16 = 1 << 3;
const FLAG_UTF8: u16 = 1 << 11;

/// Extra fields that say nothing of what an entry is: times and owners. Others can give it another
/// name, another size, or make it a link.
const HARMLESS_EXTRA: [u16; 4] = [0x000a, 0x5455, 0x5855, 0x7875];
const EXTRA_ZIP64: u16 = 0x0001;
const EXTRA_AES: u16 = 0x9901;

/// How much may be read.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the archive, and bytes of all that it contains.
    pub bytes: u64,
    /// How many entries.
    pub entries: usize,
    /// How many times larger an entry may get than what is stored of it; the first MiB is free.
    pub ratio: u64,
}

impl Limits {
    /// 100 MiB, as the format has it, 10,000 entries, and two hundredfold growth.
    pub const DEFAULT: Self = Self {
        bytes: 100 * MIB,
        entries: 10_000,
        ratio: 200,
    };

    /// Whether an entry may grow from so many bytes to so many.
    #[must_use]
    pub fn allow_growth(&self, from: u64, to: u64) -> bool {
        to <= from.saturating_mul(self.ratio).saturating_add(MIB)
    }
}

/// Bytes of a mebibyte.
pub const MIB: u64 = 1 << 20;

/// A file or folder of an archive.
#[derive(Debug)]
pub struct Entry {
    /// Its name; that of a folder ends in `/`.
    pub name: String,
    /// Bytes it has.
    pub size: u64,
    deflated: bool,
    checksum: u32,
    data: Range<usize>,
}

/// The entries of an archive, in the order of its directory.
///
/// Their names are valid and their sizes within the limits; their data are not looked at.
///
/// # Errors
///
/// What is wrong with the archive.
pub fn entries(archive: &[u8], limits: &Limits) -> Result<Vec<Entry>> {
    ensure(archive.len() as u64 <= limits.bytes, Kind::TooLarge, || {
        format!(
            "{} bytes, where {} are the limit",
            archive.len(),
            limits.bytes
        )
    })?;
    let directory = directory(archive, limits)?;
    let mut names = Names::default();
    let mut records = Vec::new();
    let mut rest = &archive[directory.range.clone()];
    let mut total = 0_u64;
    for number in 0..directory.entries {
        let place = format!("entry {}", number + 1);
        let record = Central::parse(rest).map_err(|error| error.within(&place))?;
        rest = &rest[record.length..];
        names.add(&record.name)?;
        record
            .check(limits)
            .map_err(|error| error.within(&format!("`{}`", record.name.escape_debug())))?;
        total = total.saturating_add(u64::from(record.header.size));
        ensure(total <= limits.bytes, Kind::TooLarge, || {
            format!(
                "the entries have {total} bytes, where {} are the limit",
                limits.bytes
            )
        })?;
        records.push(record);
    }
    ensure(rest.is_empty(), Kind::Disagreement, || {
        format!(
            "{} bytes of the directory are no entry's: the end record counts {} entries",
            rest.len(),
            directory.entries
        )
    })?;
    locate(archive, directory.range.start, &records)
}

/// What is in an entry.
///
/// # Errors
///
/// [`Kind::Corrupt`] if it is not what the headers say.
pub fn contents(archive: &[u8], entry: &Entry) -> Result<Vec<u8>> {
    let corrupt = |why: &str| Error::new(Kind::Corrupt, format!("`{}`: {why}", entry.name));
    let data = archive
        .get(entry.data.clone())
        .ok_or_else(|| corrupt("another archive's entry"))?;
    let contents = if entry.deflated {
        let size = usize::try_from(entry.size).map_err(|_| corrupt("too large"))?;
        // NB: one byte more, in which the decompressor notices that there is too much
        let mut contents = vec![0; size + 1];
        let mut decompress = Decompress::new(false);
        let status = decompress
            .decompress(data, &mut contents, FlushDecompress::Finish)
            .map_err(|_| corrupt("cannot be decompressed"))?;
        if decompress.total_out() > entry.size {
            return Err(corrupt("longer than its header says"));
        }
        if status != Status::StreamEnd {
            return Err(corrupt("its data are cut off"));
        }
        if decompress.total_out() < entry.size {
            return Err(corrupt("shorter than its header says"));
        }
        if decompress.total_in() != data.len() as u64 {
            return Err(corrupt("something follows its data"));
        }
        contents.truncate(size);
        contents
    } else {
        data.to_vec()
    };
    let mut checksum = Crc::new();
    checksum.update(&contents);
    if checksum.sum() != entry.checksum {
        return Err(corrupt("its checksum is another"));
    }
    Ok(contents)
}

struct Directory {
    range: Range<usize>,
    entries: usize,
}

/// Reads the end record, which is the last thing in the archive.
fn directory(archive: &[u8], limits: &Limits) -> Result<Directory> {
    let not_zip = || {
        Error::new(
            Kind::NotZip,
            "no end record at its end: no ZIP archive, one that was cut off, or with a comment or \
             something else behind it",
        )
    };
    let at = archive.len().checked_sub(END_BYTES).ok_or_else(not_zip)?;
    let end = &archive[at..];
    if u32_at(end, 0) != END || u16_at(end, 20) != 0 {
        return Err(not_zip());
    }
    let (entries, size, offset) = (u16_at(end, 10), u32_at(end, 12), u32_at(end, 16));
    ensure(
        entries != u16::MAX && size != u32::MAX && offset != u32::MAX,
        Kind::Unsupported,
        || "ZIP64: a package is never so large".to_owned(),
    )?;
    ensure(
        u16_at(end, 4) == 0 && u16_at(end, 6) == 0,
        Kind::Unsupported,
        || "an archive of several disks".to_owned(),
    )?;
    ensure(u16_at(end, 8) == entries, Kind::Disagreement, || {
        format!(
            "the end record counts {} entries on this disk, and {entries} in all",
            u16_at(end, 8)
        )
    })?;
    ensure(
        usize::from(entries) <= limits.entries,
        Kind::TooLarge,
        || format!("{entries} entries, where {} are the limit", limits.entries),
    )?;
    let start = usize::try_from(offset).map_err(|_| not_zip())?;
    let size = usize::try_from(size).map_err(|_| not_zip())?;
    ensure(
        start.checked_add(size) == Some(at),
        Kind::Disagreement,
        || {
            format!(
                "the end record, at byte {at}, has the directory at {start} with {size} bytes: \
                 they do not meet"
            )
        },
    )?;
    Ok(Directory {
        range: start..at,
        entries: usize::from(entries),
    })
}

/// What the local header and the directory both say of an entry.
#[derive(Debug, PartialEq)]
struct Header {
    version: u16,
    flags: u16,
    method: u16,
    modified: u32,
    checksum: u32,
    compressed: u32,
    size: u32,
}

impl Header {
    /// From a record in which they begin at this byte.
    fn parse(record: &[u8], at: usize) -> Self {
        Self {
            version: u16_at(record, at),
            flags: u16_at(record, at + 2),
            method: u16_at(record, at + 4),
            modified: u32_at(record, at + 6),
            checksum: u32_at(record, at + 10),
            compressed: u32_at(record, at + 14),
            size: u32_at(record, at + 18),
        }
    }

    fn has_descriptor(&self) -> bool {
        self.flags & FLAG_DESCRIPTOR != 0
    }
}

/// An entry as the directory has it.
struct Central {
    header: Header,
    name: String,
    /// Bytes of the record.
    length: usize,
    disk: u16,
    comment: u16,
    external: u32,
    offset: u32,
}

impl Central {
    fn parse(rest: &[u8]) -> Result<Self> {
        let truncated =
            |what: &str| Error::new(Kind::Truncated, format!("{what} in the directory"));
        let record = rest
            .get(..CENTRAL_BYTES)
            .ok_or_else(|| truncated("a record is cut off"))?;
        if u32_at(record, 0) != CENTRAL {
            return Err(truncated("no record where one should be"));
        }
        let name_length = usize::from(u16_at(record, 28));
        let extra_length = usize::from(u16_at(record, 30));
        let comment = u16_at(record, 32);
        let length = CENTRAL_BYTES + name_length + extra_length + usize::from(comment);
        let variable = rest
            .get(CENTRAL_BYTES..length)
            .ok_or_else(|| truncated("a name or extra field is cut off"))?;
        let header = Header::parse(record, 6);
        let (name, variable) = variable.split_at(name_length);
        let name = decode(name, header.flags)?;
        check_extra(&variable[..extra_length])
            .map_err(|error| error.within(&format!("`{}`", name.escape_debug())))?;
        Ok(Self {
            header,
            name,
            length,
            comment,
            disk: u16_at(record, 34),
            external: u32_at(record, 38),
            offset: u32_at(record, 42),
        })
    }

    /// Whether packages have such entries.
    fn check(&self, limits: &Limits) -> Result<()> {
        let Header {
            version,
            flags,
            method,
            compressed,
            size,
            ..
        } = self.header;
        ensure(flags & FLAG_ENCRYPTED == 0, Kind::Encrypted, || {
            "is encrypted".to_owned()
        })?;
        ensure(
            flags & !(FLAG_EFFORT | FLAG_DESCRIPTOR | FLAG_UTF8) == 0,
            Kind::Unsupported,
            || format!("general purpose flags {flags:#06x}"),
        )?;
        ensure(
            compressed != u32::MAX && size != u32::MAX && self.offset != u32::MAX,
            Kind::Unsupported,
            || "ZIP64: a package is never so large".to_owned(),
        )?;
        ensure(
            matches!(method, STORED | DEFLATED),
            Kind::Unsupported,
            || format!("compression method {method}; packages are stored (0) or deflated (8)"),
        )?;
        ensure(version <= 20, Kind::Unsupported, || {
            format!("needs version {version} of the format; packages need 20")
        })?;
        ensure(self.disk == 0, Kind::Unsupported, || {
            format!("lies on disk {}", self.disk)
        })?;
        ensure(self.comment == 0, Kind::Unsupported, || {
            "has a comment".to_owned()
        })?;
        self.check_type()?;
        ensure(
            method == DEFLATED || compressed == size,
            Kind::Disagreement,
            || format!("is stored, with {compressed} bytes as its {size}"),
        )?;
        ensure(u64::from(size) <= limits.bytes, Kind::TooLarge, || {
            format!("{size} bytes, where {} are the limit", limits.bytes)
        })?;
        ensure(
            limits.allow_growth(u64::from(compressed), u64::from(size)),
            Kind::Ratio,
            || {
                format!(
                    "{compressed} bytes that become {size}, where growth by {} is the limit",
                    limits.ratio
                )
            },
        )
    }

    /// Files and folders only, each with the attributes of one.
    fn check_type(&self) -> Result<()> {
        const TYPE: u32 = 0o170_000;
        const FILE: u32 = 0o100_000;
        const FOLDER: u32 = 0o040_000;
        const DOS_FOLDER: u32 = 0x10;
        const DOS_VOLUME: u32 = 0x08;
        // NB: whatever system the entry says it is from: readers differ in whether they ask
        let unix = (self.external >> 16) & TYPE;
        let folder = self.name.ends_with('/');
        let special = |what: String| Error::new(Kind::SpecialFile, what);
        if !matches!(unix, 0 | FILE | FOLDER) {
            return Err(special(format!("a link or device, mode {unix:o}")));
        }
        if self.external & DOS_VOLUME != 0 {
            return Err(special("the name of a volume".to_owned()));
        }
        let says_folder = unix == FOLDER || self.external & DOS_FOLDER != 0;
        if says_folder != folder && (says_folder || unix == FILE) {
            return Err(special(
                "a folder by its name or its attributes, but not by both".to_owned(),
            ));
        }
        ensure(
            !folder || (self.header.size == 0 && self.header.method == STORED),
            Kind::SpecialFile,
            || "a folder that has contents".to_owned(),
        )
    }
}

/// Finds the entries' data, and that they and their headers are all there is up to the directory.
fn locate(archive: &[u8], directory: usize, records: &[Central]) -> Result<Vec<Entry>> {
    let mut order: Vec<usize> = (0..records.len()).collect();
    order.sort_by_key(|&number| records[number].offset);
    let mut ranges = vec![0..0; records.len()];
    let mut at = 0;
    for (position, &number) in order.iter().enumerate() {
        let record = &records[number];
        let next = order
            .get(position + 1)
            .map_or(directory, |&next| records[next].offset as usize);
        let within = |error: Error| error.within(&format!("`{}`", record.name.escape_debug()));
        ensure(record.offset as usize == at, Kind::Gap, || {
            format!(
                "`{}` begins at byte {}, but what is before it ends at {at}",
                record.name.escape_debug(),
                record.offset
            )
        })?;
        let room = archive
            .get(at..next.min(directory))
            .filter(|room| !room.is_empty())
            .ok_or_else(|| within(Error::new(Kind::Gap, "no bytes are its own")))?;
        let data = check_local(room, record).map_err(within)?;
        ranges[number] = at + data.start..at + data.end;
        at = next;
    }
    ensure(at == directory, Kind::Gap, || {
        format!(
            "{} bytes before the directory are no entry's",
            directory - at
        )
    })?;
    Ok(records
        .iter()
        .zip(ranges)
        .map(|(record, data)| Entry {
            name: record.name.clone(),
            size: u64::from(record.header.size),
            deflated: record.header.method == DEFLATED,
            checksum: record.header.checksum,
            data,
        })
        .collect())
}

/// Holds an entry's local header against the directory; `room` are the bytes up to the next entry.
/// Returns where in them the data are.
fn check_local(room: &[u8], record: &Central) -> Result<Range<usize>> {
    let truncated = |what: &str| Error::new(Kind::Truncated, what.to_owned());
    let differs = |what: String| Error::new(Kind::Disagreement, what);
    let fixed = room
        .get(..LOCAL_BYTES)
        .ok_or_else(|| truncated("its header is cut off"))?;
    if u32_at(fixed, 0) != LOCAL {
        return Err(truncated("no header where the directory says"));
    }
    let name_end = LOCAL_BYTES + usize::from(u16_at(fixed, 26));
    let start = name_end + usize::from(u16_at(fixed, 28));
    let name = room
        .get(LOCAL_BYTES..name_end)
        .ok_or_else(|| truncated("its name is cut off"))?;
    let extra = room
        .get(name_end..start)
        .ok_or_else(|| truncated("its extra field is cut off"))?;
    if name != record.name.as_bytes() {
        return Err(differs(format!(
            "its own header calls it `{}`",
            name.escape_ascii()
        )));
    }
    check_extra(extra)?;

    let central = &record.header;
    let mut local = Header::parse(fixed, 4);
    if central.has_descriptor() && (local.checksum, local.compressed, local.size) == (0, 0, 0) {
        (local.checksum, local.compressed, local.size) =
            (central.checksum, central.compressed, central.size);
    }
    if local != *central {
        return Err(differs(format!(
            "its own header says {local:?}, and the directory {central:?}"
        )));
    }
    let end = start + central.compressed as usize;
    if end > room.len() {
        return Err(Error::new(
            Kind::Gap,
            "its data run into what follows".to_owned(),
        ));
    }
    let after = &room[end..];
    if central.has_descriptor() {
        check_descriptor(after, central)?;
    } else if !after.is_empty() {
        return Err(Error::new(
            Kind::Gap,
            format!("{} bytes after it are no entry's", after.len()),
        ));
    }
    Ok(start..end)
}

/// What follows the data of some entries: checksum and sizes, perhaps with a signature before.
fn check_descriptor(after: &[u8], central: &Header) -> Result<()> {
    let fields = match after.len() {
        12 => after,
        16 if u32_at(after, 0) == DESCRIPTOR => &after[4..],
        other => {
            return Err(Error::new(
                Kind::Gap,
                format!("{other} bytes after it, which are no data descriptor"),
            ));
        }
    };
    let said = (u32_at(fields, 0), u32_at(fields, 4), u32_at(fields, 8));
    ensure(
        said == (central.checksum, central.compressed, central.size),
        Kind::Disagreement,
        || format!("its data descriptor says {said:?}, and the directory {central:?}"),
    )
}

fn decode(name: &[u8], flags: u16) -> Result<String> {
    let text = std::str::from_utf8(name).map_err(|_| {
        Error::new(
            Kind::Name,
            format!("`{}` is not UTF-8", name.escape_ascii()),
        )
    })?;
    ensure(
        flags & FLAG_UTF8 != 0 || text.is_ascii(),
        Kind::Name,
        || format!("`{text}` is beyond ASCII, and not marked as UTF-8"),
    )?;
    Ok(text.to_owned())
}

fn check_extra(mut extra: &[u8]) -> Result<()> {
    while !extra.is_empty() {
        let cut_off = || Error::new(Kind::Truncated, "an extra field is cut off");
        let head = extra.get(..4).ok_or_else(cut_off)?;
        let (id, length) = (u16_at(head, 0), usize::from(u16_at(head, 2)));
        extra = extra.get(4 + length..).ok_or_else(cut_off)?;
        ensure(id != EXTRA_AES, Kind::Encrypted, || {
            "is encrypted".to_owned()
        })?;
        ensure(id != EXTRA_ZIP64, Kind::Unsupported, || {
            "ZIP64: a package is never so large".to_owned()
        })?;
        ensure(HARMLESS_EXTRA.contains(&id), Kind::Unsupported, || {
            format!("extra field {id:#06x}; packages have none but times and owners")
        })?;
    }
    Ok(())
}

/// The number at a byte of a record that is known to have it.
fn u16_at(record: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([record[at], record[at + 1]])
}

fn u32_at(record: &[u8], at: usize) -> u32 {
    u32::from(u16_at(record, at)) | u32::from(u16_at(record, at + 2)) << 16
}
