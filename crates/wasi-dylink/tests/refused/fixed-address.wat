;; /lib/fixed-address.so imports `env.number`: a module links functions, and data through `GOT.mem`: compile it with `-fPIC` (`relocation-model=pic`)
(module
  (@dylink.0 (mem-info))
  (import "env" "number" (global i32)))
