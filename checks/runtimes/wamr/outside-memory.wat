;; options -f load
;; exits 134
;; says Exception: out of bounds memory access
(module
  (memory 1)
  (func (export "load") (result i32) (i32.load (i32.const 0xfffd))))
