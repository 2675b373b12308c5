;; /lib/function-as-data.so imports `add` as a data symbol, and the program defines it as a function (i32, i32) -> (i32)
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "add" (global (mut i32))))
