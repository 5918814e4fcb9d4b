//! Where the lines of a log come from: a file or standard input, plain or compressed, and what makes a log
//! the same log when it comes again.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

const BUFFER_BYTES: usize = 256 << 10;
/// A log is known by no more than its first bytes.
pub const IDENTITY_MAX_BYTES: usize = 4 << 10;

/// A log, opened and unpacked.
pub struct Source {
    pub reader: Box<dyn BufRead + Send>,
    /// Bytes of the file, compressed as it is; none of standard input.
    pub size_bytes: Option<u64>,
    /// How many of those bytes are read.
    pub read_bytes: Arc<AtomicU64>,
    /// The first bytes of the unpacked log.
    pub start: Vec<u8>,
}

/// Opens a file, or standard input where the name is `-`.
pub fn open(name: &str) -> io::Result<Source> {
    if name == "-" {
        return of_reader(io::stdin(), None);
    }
    let file = File::open(Path::new(name))?;
    let size = file.metadata()?;
    if size.is_dir() {
        return Err(io::Error::other("this is a folder"));
    }
    of_reader(file, Some(size.len()))
}

/// Unpacks what comes from a reader, by its first bytes.
pub fn of_reader(
    reader: impl Read + Send + 'static,
    size_bytes: Option<u64>,
) -> io::Result<Source> {
    let read_bytes = Arc::new(AtomicU64::new(0));
    let counted = Counted {
        inner: reader,
        count: read_bytes.clone(),
    };
    let mut packed = BufReader::with_capacity(BUFFER_BYTES, counted);
    let magic = packed.fill_buf()?;
    let unpacked: Box<dyn Read + Send> = if magic.starts_with(&[0x1f, 0x8b]) {
        // Rotated logs are often several members behind each other.
        Box::new(flate2::bufread::MultiGzDecoder::new(packed))
    } else if magic.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        Box::new(zstd::stream::read::Decoder::with_buffer(packed)?)
    } else {
        Box::new(packed)
    };
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, unpacked);
    let start = peek(&mut reader)?;
    let rest = io::Cursor::new(start.clone()).chain(reader);
    Ok(Source {
        reader: Box::new(BufReader::with_capacity(BUFFER_BYTES, rest)),
        size_bytes,
        read_bytes,
        start,
    })
}

/// Takes the first bytes; a pipe may hand them over in pieces.
fn peek(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(IDENTITY_MAX_BYTES);
    reader
        .take(IDENTITY_MAX_BYTES as u64)
        .read_to_end(&mut start)?;
    Ok(start)
}

/// The hash of the first `length` bytes; `None` where there are fewer.
pub fn identity(start: &[u8], length: usize) -> Option<String> {
    let digest = Sha256::digest(start.get(..length)?);
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text_of(bytes: Vec<u8>) -> (String, Vec<u8>) {
        let mut source = of_reader(io::Cursor::new(bytes), None).expect("memory");
        let mut text = String::new();
        source.reader.read_to_string(&mut text).expect("a text");
        (text, source.start)
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).expect("memory");
        packed.finish().expect("memory")
    }

    #[test]
    fn plain_and_packed_logs_are_the_same_log() {
        let text = "a line of a log\n".repeat(1_000);
        let zstd = zstd::encode_all(text.as_bytes(), 3).expect("memory");
        let (first, second) = text.split_at(700);
        let two_members = [gzip(first), gzip(second)].concat();
        for bytes in [text.clone().into_bytes(), gzip(&text), two_members, zstd] {
            let (read, start) = text_of(bytes);
            assert_eq!(read, text);
            assert_eq!(start.len(), IDENTITY_MAX_BYTES);
        }
    }

    #[test]
    fn empty_and_damaged_logs_are_survived() {
        assert_eq!(text_of(Vec::new()), (String::new(), Vec::new()));
        let mut cut = gzip(&"text\n".repeat(100_000));
        cut.truncate(cut.len() / 2);
        let mut source = of_reader(io::Cursor::new(cut), None).expect("a good start");
        assert!(source.reader.read_to_end(&mut Vec::new()).is_err());
    }

    #[test]
    fn a_log_that_grows_keeps_its_identity() {
        assert_eq!(identity(b"abc", 2), identity(b"abd", 2));
        assert_ne!(identity(b"abc", 3), identity(b"abd", 3));
        assert_eq!(identity(b"abc", 4), None);
    }
}
