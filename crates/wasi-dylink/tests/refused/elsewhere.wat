;; /lib/elsewhere.so imports `js.alert`: nothing here is known by that name
(module
  (@dylink.0 (mem-info))
  (import "js" "alert" (func)))
