;; /lib/wasi-path.so imports `__wasi_path_unlink_file` as a function (i32, i32, i32) -> (i32), and the program defines it as a function (i32, i32) -> (i32)
(module
  (@dylink.0 (mem-info))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func (param i32 i32 i32) (result i32))))
