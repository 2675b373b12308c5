//! Tries what a WASI host offers a program, one thing per run. What is printed depends on the
//! arguments, the input and the files only, so a WASM build and a native one must print the same.

use std::env;
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

const USAGE: &str = "\
Usage: wasi-probe TRIAL [ARGUMENT...]

  arguments [TEXT...]  print the arguments
  environment          print the environment, sorted
  copy                 copy standard input to standard output
  list FOLDER          print names and sizes of a folder's files, sorted
  show FILE            print a file
  write FILE TEXT      write a file
  change FOLDER        make, append to, shorten, rename and delete files
  clock FILE           compare the clocks with each other, and with the time of a file just made
  random               print random bytes, and compare them with others
  memory MIB           fill that much memory, and read it back
  exit CODE            end with this exit code
  panic                end by a panic

Exit codes: 0 done, 1 refused or not as it must be, 2 usage";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            // The last resort may be closed too.
            let _ = writeln!(io::stderr(), "wasi-probe: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode> {
    match arguments {
        ["arguments", texts @ ..] => print_lines(texts.iter().map(|text| format!("{text:?}")))?,
        ["environment"] => print_environment()?,
        ["copy"] => copy()?,
        ["list", folder] => list(Path::new(folder))?,
        ["show", file] => print(&named(file, fs::read(file))?)?,
        ["write", file, text] => named(file, fs::write(file, text))?,
        ["change", folder] => change(Path::new(folder))?,
        ["clock", file] => try_clocks(Path::new(file))?,
        ["random"] => try_random()?,
        ["memory", mebibytes] => try_memory(mebibytes.parse()?)?,
        ["exit", code] => return Ok(ExitCode::from(code.parse::<u8>()?)),
        ["panic"] => panic!("as it was told"),
        _ => {
            eprintln!("{USAGE}");
            return Ok(ExitCode::from(2));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The error with its file. Numbers of errors differ between systems, kinds do not.
fn named<T>(file: &str, result: io::Result<T>) -> Result<T> {
    result.map_err(|error| format!("{file}: {}", error.kind()).into())
}

fn print(bytes: &[u8]) -> Result<()> {
    let mut output = io::stdout().lock();
    let written = output.write_all(bytes).and_then(|()| output.flush());
    // The kind differs: Wasmtime reports a pipe without a reader as an I/O error like any other.
    written.map_err(|_| "standard output takes no more".into())
}

fn print_lines(lines: impl IntoIterator<Item = String>) -> Result<()> {
    let text: String = lines.into_iter().map(|line| line + "\n").collect();
    print(text.as_bytes())
}

fn print_environment() -> Result<()> {
    let mut lines: Vec<String> = env::vars()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    lines.sort();
    print_lines(lines)
}

fn copy() -> Result<()> {
    let mut bytes = Vec::new();
    named("standard input", io::stdin().read_to_end(&mut bytes))?;
    print(&bytes)?;
    eprintln!("{} bytes", bytes.len());
    Ok(())
}

fn list(folder: &Path) -> Result<()> {
    let name = folder.display().to_string();
    let mut lines = Vec::new();
    for entry in named(&name, fs::read_dir(folder))? {
        let entry = named(&name, entry)?;
        let metadata = named(&name, entry.metadata())?;
        let file = entry.file_name();
        lines.push(if metadata.is_dir() {
            format!("{}/", file.display())
        } else {
            format!("{} {}", file.display(), metadata.len())
        });
    }
    lines.sort();
    print_lines(lines)
}

fn change(folder: &Path) -> Result<()> {
    let deep = folder.join("a/b");
    fs::create_dir_all(&deep)?;
    let first = deep.join("first.txt");
    fs::write(&first, "0123456789")?;
    OpenOptions::new()
        .append(true)
        .open(&first)?
        .write_all(b"abcdef")?;

    let mut file = OpenOptions::new().read(true).write(true).open(&first)?;
    file.seek(SeekFrom::Start(10))?;
    let mut tail = String::new();
    file.read_to_string(&mut tail)?;
    file.set_len(12)?;
    file.seek(SeekFrom::End(-3))?;
    file.write_all(b"-")?;
    let position = file.stream_position()?;
    drop(file);

    let second = folder.join("a/second.txt");
    fs::rename(&first, &second)?;
    let gone = folder.join("gone.txt");
    File::create_new(&gone)?.write_all(b"for a moment")?;
    let again = File::create_new(&gone).map_err(|error| error.kind());
    fs::remove_file(&gone)?;
    let emptied = fs::remove_dir(folder.join("a")).is_err();
    fs::remove_dir(&deep)?;
    print_lines([
        format!("read {tail:?}, then at {position}"),
        format!("a file that is there: {:?}", again.err()),
        format!("a folder that is not empty is kept: {emptied}"),
        format!("{} bytes left", fs::metadata(&second)?.len()),
    ])
}

fn try_clocks(file: &Path) -> Result<()> {
    let mut last = Instant::now();
    for _ in 0..1000 {
        let now = Instant::now();
        if now < last {
            return Err("the monotonic clock ran backwards".into());
        }
        last = now;
    }
    let pause = Duration::from_millis(20);
    let (start, before) = (Instant::now(), SystemTime::now());
    thread::sleep(pause);
    let (elapsed, on_the_wall) = (start.elapsed(), before.elapsed()?);
    if elapsed < pause || on_the_wall < pause {
        return Err(format!("{pause:?} were {elapsed:?} and, on the wall, {on_the_wall:?}").into());
    }
    let age = fs::metadata(file)?.modified()?.elapsed()?;
    if age > Duration::from_hours(1) {
        return Err(format!("a file that was just made is {age:?} old").into());
    }
    print_lines(["the clocks agree".to_owned()])
}

fn try_random() -> Result<()> {
    let mut draws = [[0; 16]; 2];
    for draw in &mut draws {
        getrandom::fill(draw)?;
    }
    if draws[0] == draws[1] {
        return Err(format!("two draws are {:x?}", draws[0]).into());
    }
    print_lines([format!("{:x?}", draws[0])])
}

fn try_memory(mebibytes: u64) -> Result<()> {
    const MEBIBYTE: usize = 1 << 20;
    let mut blocks = Vec::new();
    for number in 0..mebibytes {
        let mut block = Vec::new();
        if block.try_reserve_exact(MEBIBYTE).is_err() {
            return Err(format!("{number} MiB, and no more").into());
        }
        block.resize(MEBIBYTE, number.to_le_bytes()[0]);
        blocks.push(block);
    }
    let sum: u64 = blocks.iter().flatten().map(|byte| u64::from(*byte)).sum();
    print_lines([format!("{mebibytes} MiB, of which the sum is {sum}")])
}
