;; options --max-memory-pages=1
;; exits 126
;; says memory limit: it starts with 2 pages, and 1 are allowed
(module (memory (export "memory") 2) (func (export "_start")))
