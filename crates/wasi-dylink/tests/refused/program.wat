;; /lib/program.so is not a side module for this program: it has no section `dylink.0`: link it with `-shared`, from code compiled with `-fPIC` (`relocation-model=pic`)
(module
  (memory (export "memory") 1)
  (func (export "_start")))
