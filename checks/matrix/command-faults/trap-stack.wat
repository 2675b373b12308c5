(module
  (memory (export "memory") 1)
  ;; The result is used after the call: a compiler must not turn this into a loop.
  (func $deeper (param $n i32) (result i32)
    (i32.store (i32.const 0) (local.get $n))
    (i32.add
      (call $deeper (i32.add (local.get $n) (i32.const 1)))
      (i32.load (i32.const 0))))
  (func (export "_start") (drop (call $deeper (i32.const 0)))))
