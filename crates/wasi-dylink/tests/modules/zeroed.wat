;; static int initial = 9; static char rest[96]: the sum of all bytes of `rest`
(module
  (@dylink.0 (mem-info (memory 100 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (data (global.get $base) "\09\00\00\00")
  (func (export "sum") (result i32)
    (local $at i32) (local $sum i32)
    (local.set $at (i32.const 4))
    (loop $next
      (local.set $sum (i32.add (local.get $sum)
        (i32.load8_u (i32.add (global.get $base) (local.get $at)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 100))))
    (local.get $sum))
  (func (export "initial") (result i32) (i32.load (global.get $base))))
