;; /lib/constant-address.so imports `GOT.mem.number`: nothing here is known by that name
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "number" (global i32)))
