(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (func (export "answer") (result i32)
    (drop (call $random_get (global.get $base) (i32.const 4)))
    (i32.load (global.get $base))))
