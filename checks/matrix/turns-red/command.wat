;; A broken module: it ends well and does nothing.
(module
  (memory (export "memory") 1)
  (func (export "_start")))
