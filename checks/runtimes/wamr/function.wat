;; options --function=add
;; arguments 20 22
;; prints 0x2a:i32
(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
