;; /lib/signature-in-cycle.so imports `own` as a function () -> (i64), and /lib/signature-in-cycle.so defines it as a function () -> (i32)
(module
  (@dylink.0 (mem-info))
  (import "env" "own" (func (result i64)))
  (func (export "own") (result i32) i32.const 0))
