//! The agent as a command of WASI 0.1: `clawft --json`, for a runtime that has no components.

#[cfg(target_os = "wasi")]
mod command;
#[cfg(target_os = "wasi")]
mod files;
#[cfg(target_os = "wasi")]
mod host;
#[cfg(target_os = "wasi")]
mod http;
#[cfg(any(test, target_os = "wasi"))]
mod input;
#[cfg(any(test, target_os = "wasi"))]
mod options;
#[cfg(target_os = "wasi")]
mod random;

#[cfg(target_os = "wasi")]
fn main() -> std::process::ExitCode {
    command::main()
}

#[cfg(not(target_os = "wasi"))]
fn main() {
    eprintln!("This is for wasm32-wasip1; the program for this machine is clawft.");
    std::process::exit(2);
}
