(module
  (memory (export "memory") 8 (pagesize 1))
  (func (export "_start")))
