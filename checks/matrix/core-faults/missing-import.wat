(module
  (import "absent" "function" (func $absent (param i32)))
  (memory (export "memory") 1)
  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  (func (export "later") (call $absent (i32.const 0))))
