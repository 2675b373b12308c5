(module
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      ;; A loop that changes nothing could be left out by a compiler.
      (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
      (br $again))))
