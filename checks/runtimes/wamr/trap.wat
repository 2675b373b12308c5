;; exits 134
;; says Exception: unreachable
(module (memory (export "memory") 1) (func (export "_start") unreachable))
