;; /lib/data-as-function.so imports `number` as a function () -> (), and the program defines it as a data symbol
(module
  (@dylink.0 (mem-info))
  (import "env" "number" (func)))
