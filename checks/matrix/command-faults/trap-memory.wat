(module
  (memory (export "memory") 1 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.load (i32.const 65536)))))
