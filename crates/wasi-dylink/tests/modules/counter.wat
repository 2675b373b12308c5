;; int counter = 5; int increment(void) { return ++counter; }
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (global (export "counter") i32 (i32.const 0))
  (data (global.get $base) "\05\00\00\00")
  (func (export "increment") (result i32)
    (i32.store (global.get $base) (i32.add (i32.load (global.get $base)) (i32.const 1)))
    (i32.load (global.get $base))))
