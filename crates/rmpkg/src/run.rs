//! Runs the pipeline of a package by the runtime that it contains.
//!
//! The runtime is a program for WASI, so a WASM runtime's command line executes it. Its standard
//! input is the manifest, or `{"manifest": …, "input_data": […]}`; its standard output is the
//! result.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use tempfile::TempDir;

use crate::archive::Limits;
use crate::error::{Error, Kind, Result};
use crate::extract::write_files;
use crate::json;
use crate::package::{Layout, MANIFEST, Package};
use crate::wheel::Wheel;

/// A package unpacked for one run. The folder goes when this does.
pub struct Unpacked {
    folder: TempDir,
    runtime: PathBuf,
    /// Folders of the host, by what the guest calls them.
    mounts: Vec<(PathBuf, &'static str)>,
    /// Where the guest's Python looks for modules.
    python_path: Vec<&'static str>,
}

impl Unpacked {
    /// Unpacks what a run needs, wheels as they are when installed.
    ///
    /// # Errors
    ///
    /// [`Kind::Io`]; [`Kind::Duplicate`] if two wheels have a file of one name.
    pub fn new(package: &Package, limits: &Limits) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("rmpkg-run-")
            .tempdir()
            .map_err(|error| Error::new(Kind::Io, format!("no temporary folder: {error}")))?;
        write_files(&folder.path().join("package"), package.files())?;
        let layout = package.layout();
        let mut unpacked = Self {
            runtime: folder.path().join("package").join(layout.runtime()),
            mounts: Vec::new(),
            python_path: Vec::new(),
            folder,
        };
        match layout {
            Layout::Flat => {
                unpacked.mount("package/deps", "/deps");
                if unpacked.has("package/deps/python") {
                    unpacked.python_path.push("/deps/python");
                }
            }
            Layout::Draft => unpacked.mount("package/wasi-deps/usr", "/usr"),
        }
        unpacked.mount("package/models", "/models");
        unpacked.install_wheels(package, limits)?;
        make_read_only(unpacked.folder.path())?;
        Ok(unpacked)
    }

    fn has(&self, name: &str) -> bool {
        self.folder.path().join(name).is_dir()
    }

    fn mount(&mut self, name: &str, guest: &'static str) {
        if self.has(name) {
            self.mounts.push((self.folder.path().join(name), guest));
        }
    }

    fn install_wheels(&mut self, package: &Package, limits: &Limits) -> Result<()> {
        let site = self.folder.path().join("site-packages");
        for (name, archive) in package.wheels() {
            let files = Wheel::read(name, archive, limits)?.installed()?;
            for (file, contents) in &files {
                if site.join(file).exists() {
                    return Err(Error::new(
                        Kind::Duplicate,
                        format!("{name}: `{file}` is another wheel's too"),
                    ));
                }
                write_files(&site, [(file.as_str(), contents.as_slice())])?;
            }
        }
        if site.is_dir() {
            self.mount("site-packages", "/site-packages");
            self.python_path.push("/site-packages");
        }
        Ok(())
    }

    /// How Wasmtime's command line, or one that is called in the same way, runs it.
    #[must_use]
    pub fn command(&self, wasmtime: &Path, arguments: &[OsString]) -> Command {
        let mut command = Command::new(wasmtime);
        command.arg("run").args(arguments);
        for (host, guest) in &self.mounts {
            let mut mount = host.clone().into_os_string();
            mount.push("::");
            mount.push(guest);
            command.arg("--dir").arg(mount);
        }
        if !self.python_path.is_empty() {
            command
                .arg("--env")
                .arg(format!("PYTHONPATH={}", self.python_path.join(":")));
        }
        command.arg(&self.runtime);
        command
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        // NB: only what may be written can be deleted
        let _ = set_modes(self.folder.path(), 0o700);
    }
}

/// What the runtime reads: the manifest, with these data if there are some.
///
/// # Errors
///
/// [`Kind::Json`] if the data are no list.
pub fn request(package: &Package, input: Option<&[u8]>) -> Result<Vec<u8>> {
    let manifest = package.file(MANIFEST).unwrap_or_default();
    let Some(input) = input else {
        return Ok(manifest.to_vec());
    };
    if !json::parse("input", input)?.is_array() {
        return Err(Error::new(
            Kind::Json,
            "input: not a list, of which each item goes through the pipeline",
        ));
    }
    // NB: as text, because numbers could change on the way through a value
    let parts: [&[u8]; 5] = [
        b"{\"manifest\":",
        manifest,
        b",\"input_data\":",
        input,
        b"}",
    ];
    Ok(parts.concat())
}

/// Runs a command with this on its standard input, to its end.
///
/// # Errors
///
/// When it cannot be started, or its input cannot be written.
pub fn wait(mut command: Command, request: &[u8]) -> io::Result<ExitStatus> {
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        match stdin.write_all(request) {
            // NB: it need not read all of it
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                child.kill()?;
                child.wait()?;
                return Err(error);
            }
            _ => {}
        }
    }
    child.wait()
}

/// Nobody but root may change what was unpacked.
fn make_read_only(folder: &Path) -> Result<()> {
    set_modes(folder, 0o500).map_err(|error| Error::io(folder, &error))
}

/// Gives folders a mode, and files the same without execution.
fn set_modes(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_folder = fs::symlink_metadata(path)?.is_dir();
    let set = |mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    if !is_folder {
        return set(mode & 0o666);
    }
    // NB: a folder must be open before it is looked into
    set(0o700)?;
    for entry in fs::read_dir(path)? {
        set_modes(&entry?.path(), mode)?;
    }
    set(mode)
}
