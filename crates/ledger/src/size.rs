//! What an artifact weighs.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};
use std::thread;

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
    /// The compressor is the program `gzip` on PATH: what is said here, anybody's `gzip -9`
    /// says too. GNU's gives the same bytes on every machine.
    ///
    /// # Errors
    /// If `gzip` is not there, or fails.
    pub fn measure(contents: &[u8]) -> io::Result<Self> {
        Ok(Self {
            raw: contents.len() as u64,
            gzip: gzip(contents).map_err(|error| {
                io::Error::new(error.kind(), format!("the program `gzip`: {error}"))
            })?,
        })
    }
}

/// How many bytes `gzip -9` makes of these.
fn gzip(contents: &[u8]) -> io::Result<u64> {
    let mut gzip = Command::new("gzip")
        .arg("-9nc")
        // Options, of old
        .env_remove("GZIP")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (input, output) = (gzip.stdin.take(), gzip.stdout.take());
    let (Some(mut input), Some(mut output)) = (input, output) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    // What it reads and what it writes are pipes of some kilobytes, so both are served at once.
    let (written, read) = thread::scope(|scope| {
        let writer = scope.spawn(move || input.write_all(contents));
        let read = io::copy(&mut output, &mut io::sink());
        (writer.join(), read)
    });
    let status = gzip.wait()?;
    if !status.success() {
        return Err(io::Error::other(status.to_string()));
    }
    written.map_err(|_| io::Error::other("it was not written to"))??;
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_both_sizes() {
        let zeros = Size::measure(&vec![0; 100_000]).expect("gzip is installed");
        assert_eq!(zeros.raw, 100_000);
        // Deflate codes 258 bytes in no less than two bits: RFC 1951, 3.2.5.
        assert!((97..200).contains(&zeros.gzip), "{zeros:?}");
        let empty = Size::measure(&[]).expect("gzip is installed");
        // RFC 1952: 10 bytes of header and 8 of trailer; RFC 1951: an empty block has 2.
        assert_eq!(empty, Size { raw: 0, gzip: 20 });
    }
}
