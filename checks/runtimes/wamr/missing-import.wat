;; exits 126
;; says missing import: env.now
(module
  (import "env" "now" (func (result f64)))
  (memory (export "memory") 1)
  (func (export "_start")))
