;; /lib/mutable-as-data.so imports `log` as a data symbol, and the program defines it as a mutable global
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "log" (global (mut i32))))
