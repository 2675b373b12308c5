;; /lib/signature.so imports `add` as a function (i64) -> (), and the program defines it as a function (i32, i32) -> (i32)
(module
  (@dylink.0 (mem-info))
  (import "env" "add" (func (param i64))))
