;; options -f absent
;; exits 126
;; says exports no function absent
(module (memory (export "memory") 1) (func (export "_start")))
