;; options --max-memory-pages=2
;; exits 134
;; says memory limit: 2 pages more than the 1 there are were refused
(module
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.eq (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))))
