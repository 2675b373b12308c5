;; A stand-in for the pipeline executor: prints its standard input, then the helper that the package
;; has, and ends with 3.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "python/helper.py")

  ;; copies a file to standard output; the vector is at 0, the count at 8, the bytes from 1024 on
  (func $copy (param $file i32)
    (loop $more
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.const 4096))
      (if (call $read (local.get $file) (i32.const 0) (i32.const 1) (i32.const 8))
        (then (call $exit (i32.const 4))))
      (if (i32.load (i32.const 8))
        (then
          (i32.store (i32.const 4) (i32.load (i32.const 8)))
          (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
            (then (call $exit (i32.const 5))))
          (br $more)))))

  ;; the first mounted folder is file 3, which is /deps; rights: to read
  (func (export "_start")
    (call $copy (i32.const 0))
    (if (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 16) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 12))
      (then (call $exit (i32.const 6))))
    (call $copy (i32.load (i32.const 12)))
    (call $exit (i32.const 3))))
