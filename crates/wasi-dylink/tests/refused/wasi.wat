;; /lib/wasi.so: the function `__wasi_proc_exit` is defined neither by the program nor by a module that this one needs
(module
  (@dylink.0 (mem-info))
  (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))))
