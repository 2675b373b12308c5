(module
  (memory (export "memory") 8 (pagesize 1))
  (func (export "add") (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1))))
