//! Text files below a path, read one after the other in chunks, over and over.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use indicatif::HumanCount;
use memchr::memchr;
use walkdir::{DirEntry, FilterEntry, WalkDir};

use super::{
    CHUNK_BYTES, Chunk, InputStats,
    lines::{LineCutter, is_blank},
};

/// A chunk that ends with the input need not be full, but small inputs are repeated until it has this much: opening a
/// file for every other line would make the run a benchmark of `open`.
const SMALL_CHUNK_BYTES: usize = 16 << 10;

/// Bytes of one read.
const READ_BYTES: usize = 64 << 10;

/// A directory with this file in it holds what can be made again, a build's output for example, and is passed over.
const CACHE_TAG: &str = "CACHEDIR.TAG";

/// Entries that are looked at beforehand to tell how many files there are.
const COUNTED_ENTRIES: usize = 10_000;

type Walk = FilterEntry<walkdir::IntoIter, fn(&DirEntry) -> bool>;

/// Reads the files in turn.
#[derive(Debug)]
pub(crate) struct Files {
    root: PathBuf,
    walk: Walk,
    open: Option<File>,
    cutter: LineCutter,
    buffer: Vec<u8>,
    /// Whether the pass under way has yielded a record.
    found: bool,
    stats: InputStats,
}

impl Files {
    /// The files below `root`, or `root` itself.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let advice = "name a text file or a directory";
        match readable(root) {
            Ok(true) => {}
            // It might never end, or could not be read a second time.
            Ok(false) => {
                bail!("{} is neither a file nor a directory; pipe it into `--input -`", root.display())
            }
            Err(error) => bail!("cannot read the input {}: {error}; {advice}", root.display()),
        }
        Ok(Self {
            root: root.to_owned(),
            walk: walk(root),
            open: None,
            cutter: LineCutter::default(),
            buffer: vec![0; READ_BYTES],
            found: false,
            stats: InputStats::default(),
        })
    }

    pub(crate) fn stats(&self) -> InputStats {
        self.stats
    }

    /// Fills the chunk; `false` when it holds neither a record nor an error. Fails when a whole pass finds no record.
    pub(crate) fn fill(&mut self, chunk: &mut Chunk) -> Result<bool> {
        while chunk.text.len() < CHUNK_BYTES {
            if self.open.is_some() {
                self.read(chunk);
            } else if let Some(entry) = self.walk.next() {
                self.open_next(entry, chunk);
            } else {
                self.begin_again()?;
                if chunk.text.len() >= SMALL_CHUNK_BYTES {
                    break;
                }
            }
        }
        Ok(!is_blank(&chunk.text) || !chunk.errors.is_empty())
    }

    fn begin_again(&mut self) -> Result<()> {
        if !self.found {
            bail!("there is no record in {}: {}", self.root.display(), self.stats);
        }
        self.found = false;
        self.stats.passes += 1;
        self.walk = walk(&self.root);
        Ok(())
    }

    fn open_next(&mut self, entry: walkdir::Result<DirEntry>, chunk: &mut Chunk) {
        let opened = match entry {
            Ok(entry) if is_file(&entry) => File::open(entry.path()),
            Ok(_) => return,
            Err(error) => Err(error.into()),
        };
        match opened {
            Ok(file) => {
                self.open = Some(file);
                self.stats.files += u64::from(self.first_pass());
            }
            Err(error) => self.unreadable(&error, chunk),
        }
    }

    fn read(&mut self, chunk: &mut Chunk) {
        let Some(file) = &mut self.open else { return };
        let before = chunk.text.len();
        match file.read(&mut self.buffer) {
            Ok(0) => {
                self.open = None;
                self.cutter.finish(&mut chunk.text);
            }
            Ok(len) if memchr(0, &self.buffer[..len]).is_some() => self.binary(),
            Ok(len) => {
                let too_long = self.cutter.push(&self.buffer[..len], &mut chunk.text);
                self.stats.too_long += too_long;
                chunk.errors.extend((0..too_long).map(|_| "RecordTooLong".to_owned()));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.close();
                self.unreadable(&error, chunk);
            }
        }
        self.found = self.found || !is_blank(&chunk.text[before..]);
    }

    /// A zero byte means that the file is no text; what came before it in the file was.
    fn binary(&mut self) {
        self.close();
        self.stats.binary += u64::from(self.first_pass());
        self.stats.files -= u64::from(self.first_pass());
    }

    fn unreadable(&mut self, error: &io::Error, chunk: &mut Chunk) {
        // Counted once, not again in every pass.
        if self.first_pass() {
            self.stats.unreadable += 1;
            chunk.errors.push(format!("{:?}", error.kind()));
        }
    }

    fn close(&mut self) {
        self.open = None;
        self.cutter = LineCutter::default();
    }

    fn first_pass(&self) -> bool {
        self.stats.passes == 0
    }
}

/// Names the root, and how many files there are to read: counted up to a limit, since a large tree takes a while.
impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries = walk(&self.root);
        let seen = entries.by_ref().take(COUNTED_ENTRIES);
        let files = seen.filter(|entry| entry.as_ref().is_ok_and(is_file)).count() as u64;
        let more = if entries.next().is_some() { "more than " } else { "" };
        let noun = if files == 1 { "file" } else { "files" };
        write!(f, "`{}` ({more}{} {noun})", self.root.display(), HumanCount(files))
    }
}

/// Whether `path` is a file or a directory; an error when it cannot be read.
fn readable(path: &Path) -> io::Result<bool> {
    let metadata = fs::metadata(path)?;
    if metadata.is_dir() {
        fs::read_dir(path)?;
    } else if metadata.is_file() {
        File::open(path)?;
    }
    Ok(metadata.is_dir() || metadata.is_file())
}

/// Goes through everything below `root` in the order of the names, without what is hidden, caches, and other file systems
/// (reading a file of `/proc` may never end).
fn walk(root: &Path) -> Walk {
    let wanted: fn(&DirEntry) -> bool = is_wanted;
    WalkDir::new(root).same_file_system(true).sort_by_file_name().into_iter().filter_entry(wanted)
}

/// Links are followed where somebody names one, not below.
fn is_file(entry: &DirEntry) -> bool {
    entry.file_type().is_file() || entry.depth() == 0 && entry.path().is_file()
}

fn is_wanted(entry: &DirEntry) -> bool {
    let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
    let cache = || entry.file_type().is_dir() && entry.path().join(CACHE_TAG).is_file();
    // Whoever names a path means it, hidden or not.
    entry.depth() == 0 || !hidden && !cache()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(files: &mut Files) -> Result<Chunk> {
        let mut chunk = Chunk::default();
        files.fill(&mut chunk).map(|_| chunk)
    }

    #[test]
    fn a_short_file_is_cycled() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("short.txt"), "one\ntwo").unwrap();
        let mut files = Files::open(dir.path()).unwrap();
        let chunk = fill(&mut files).unwrap();
        assert!(chunk.text.len() >= SMALL_CHUNK_BYTES && chunk.text.starts_with(b"one\ntwo\none\ntwo\n"));
        assert_eq!((files.stats().files, files.stats().passes), (1, chunk.text.len() as u64 / 8));
    }

    #[test]
    fn binary_and_hidden_files_and_caches_are_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.bin"), b"GIF\0text\n").unwrap();
        fs::write(dir.path().join("b.txt"), "text\n").unwrap();
        fs::write(dir.path().join(".hidden"), "hidden\n").unwrap();
        let cache = dir.path().join("target");
        fs::create_dir(&cache).unwrap();
        fs::write(cache.join(CACHE_TAG), "Signature: 8a477f597d28d172789f06886806bc55").unwrap();
        fs::write(cache.join("log.txt"), "cached\n").unwrap();
        let mut files = Files::open(dir.path()).unwrap();
        let chunk = fill(&mut files).unwrap();
        assert!(chunk.text.chunks(5).all(|line| line == b"text\n"));
        assert_eq!((files.stats().files, files.stats().binary), (1, 1));
        let described = format!("`{}` (2 files)", dir.path().display());
        assert_eq!(files.to_string(), described, "what is binary shows only when it is read");
    }

    #[test]
    fn an_input_without_a_record_says_what_was_found() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("blank.txt"), "\n \n\r\n").unwrap();
        fs::write(dir.path().join("zero.bin"), [0; 100]).unwrap();
        let error = fill(&mut Files::open(dir.path()).unwrap()).unwrap_err().to_string();
        assert!(error.contains("no record") && error.contains("1 files read, 1 binary"), "{error}");
    }

    #[test]
    fn a_missing_path_is_named() {
        let error = Files::open(Path::new("/no/such/path")).unwrap_err().to_string();
        assert!(error.contains("/no/such/path"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_read_again_is_refused() {
        let error = Files::open(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("--input -"), "{error}");
    }

    #[test]
    fn files_that_vanish_end_the_input() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.txt");
        fs::write(&path, "x\n".repeat(200_000)).unwrap();
        let mut files = Files::open(dir.path()).unwrap();
        fill(&mut files).unwrap();
        fs::remove_file(&path).unwrap();
        let error = (0..10).find_map(|_| fill(&mut files).err()).unwrap();
        assert!(error.to_string().contains("no record"), "{error}");
    }
}
