;; /lib/wasi.so imports `wasi_snapshot_preview1.proc_exit`: WASI's functions look for memory in the module that calls them, which is the program: call its C library, and leave WASI's own bindings out
(module
  (@dylink.0 (mem-info))
  (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))
