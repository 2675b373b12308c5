//! Writes ZIP archives: of the same files always the same bytes.

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use crate::archive::Limits;
use crate::error::{Error, Kind, Result};

/// Midnight of 1 January 1980, the first time that ZIP knows, as its date and time.
const MODIFIED: u32 = 0x0021 << 16;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// 2.0, which has deflate.
const VERSION: u16 = 20;
/// The same, by Unix: then the attributes are a mode.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// A file that its owner may write and all may read.
const ATTRIBUTES: u32 = 0o100_644 << 16;

/// An archive of these files, in the order of their names.
///
/// A file is deflated if that makes it smaller, and a reader's limits allow how much it grows back.
///
/// # Errors
///
/// [`Kind::TooLarge`] for what only ZIP64 can say.
pub fn archive<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    limits: &Limits,
) -> Result<Vec<u8>> {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_unstable();
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    let count = u16::try_from(files.len())
        .map_err(|_| Error::new(Kind::TooLarge, format!("{} files", files.len())))?;
    for (name, contents) in files {
        let offset = size(archive.len())?;
        let deflated = deflate(contents).filter(|deflated| {
            deflated.len() < contents.len()
                && limits.allow_growth(deflated.len() as u64, contents.len() as u64)
        });
        let data = deflated.as_deref().unwrap_or(contents);
        let mut checksum = Crc::new();
        checksum.update(contents);

        let mut header = Vec::new();
        header.extend(VERSION.to_le_bytes());
        header.extend(FLAGS.to_le_bytes());
        header.extend((if deflated.is_some() { 8_u16 } else { 0 }).to_le_bytes());
        header.extend(MODIFIED.to_le_bytes());
        header.extend(checksum.sum().to_le_bytes());
        header.extend(size(data.len())?.to_le_bytes());
        header.extend(size(contents.len())?.to_le_bytes());
        let name_length = u16::try_from(name.len())
            .map_err(|_| Error::new(Kind::Name, format!("`{name}` is too long")))?;
        header.extend(name_length.to_le_bytes());
        // no extra field
        header.extend([0; 2]);

        archive.extend(b"PK\x03\x04");
        archive.extend(&header);
        archive.extend(name.as_bytes());
        archive.extend(data);

        directory.extend(b"PK\x01\x02");
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&header);
        // no comment, the first disk, no internal attributes
        directory.extend([0; 6]);
        directory.extend(ATTRIBUTES.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = size(archive.len())?;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06");
    archive.extend([0; 4]);
    archive.extend(count.to_le_bytes());
    archive.extend(count.to_le_bytes());
    archive.extend(size(directory.len())?.to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend([0; 2]);
    Ok(archive)
}

/// The data after deflate, or nothing if they do not get smaller.
fn deflate(contents: &[u8]) -> Option<Vec<u8>> {
    let mut compress = Compress::new(Compression::best(), false);
    let mut deflated = Vec::with_capacity(contents.len());
    let status = compress
        .compress_vec(contents, &mut deflated, FlushCompress::Finish)
        .ok()?;
    (status == Status::StreamEnd).then_some(deflated)
}

fn size(bytes: usize) -> Result<u32> {
    u32::try_from(bytes)
        .ok()
        .filter(|&bytes| bytes != u32::MAX)
        .ok_or_else(|| Error::new(Kind::TooLarge, format!("{bytes} bytes, beyond ZIP's 4 GiB")))
}
