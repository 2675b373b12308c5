//! What an artifact weighs.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

/// What an artifact weighs, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// The file as it is.
    pub raw: u64,
    /// The file compressed with gzip at level 9.
    pub gzip: u64,
}

impl Size {
    /// Measures a file's contents.
    ///
    /// The compressor is `miniz_oxide`: it has no code that depends on the CPU, so a
    /// file has the same size on every machine. GNU gzip -9 differs by about 0.1 %.
    ///
    /// # Errors
    /// If memory for the compressed bytes cannot be written, which does not happen.
    pub fn measure(contents: &[u8]) -> io::Result<Self> {
        let mut encoder = GzEncoder::new(Counter(0), Compression::best());
        encoder.write_all(contents)?;
        Ok(Self {
            raw: contents.len() as u64,
            gzip: encoder.finish()?.0,
        })
    }
}

/// Counts what is written to it.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_both_sizes() {
        let zeros = Size::measure(&vec![0; 100_000]).expect("memory can be written");
        assert_eq!(zeros.raw, 100_000);
        // Deflate codes 258 bytes in no less than two bits: RFC 1951, 3.2.5.
        assert!((97..200).contains(&zeros.gzip), "{zeros:?}");
        let empty = Size::measure(&[]).expect("memory can be written");
        // RFC 1952: 10 bytes of header and 8 of trailer; RFC 1951: an empty block has 2.
        assert_eq!(empty, Size { raw: 0, gzip: 20 });
    }
}
