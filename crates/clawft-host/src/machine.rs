//! What the component is given of the machine.

use wasmtime::component::ResourceTable;
use wasmtime::error::Context as _;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView, default_hooks};

/// Folders, variables and the network.
pub struct Machine {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
}

impl Machine {
    /// With folders as `HOST[::GUEST]`, variables as `NAME[=VALUE]`, and perhaps all of this machine's.
    ///
    /// # Errors
    /// A folder that cannot be opened, a variable that is not set.
    pub fn new(folders: &[String], variables: &[String], inherit: bool) -> wasmtime::Result<Self> {
        let mut wasi = WasiCtx::builder();
        wasi.inherit_stderr();
        for folder in folders {
            let (host, guest) = folder.split_once("::").unwrap_or((folder, folder));
            wasi.preopened_dir(host, guest, FsPerms::ReadWrite)
                .with_context(|| format!("--dir {host}"))?;
        }
        if inherit {
            wasi.inherit_env();
        }
        for variable in variables {
            let (name, value) = match variable.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (
                    variable.as_str(),
                    std::env::var(variable).with_context(|| format!("--env {variable}"))?,
                ),
            };
            wasi.env(name, value);
        }
        Ok(Self {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
        })
    }
}

impl WasiView for Machine {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Machine {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: default_hooks(),
        }
    }
}
