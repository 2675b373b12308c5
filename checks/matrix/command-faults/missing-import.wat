(module
  (import "absent" "function" (func $absent (param i32)))
  (memory (export "memory") 1)
  (func (export "_start"))
  (func (export "later") (call $absent (i32.const 0))))
