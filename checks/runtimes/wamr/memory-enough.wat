;; options --max-memory-pages=3
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eq (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))))
