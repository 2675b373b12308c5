;; /lib/private.so: the function `_start` is defined neither by the program nor by a module that this one needs
(module
  (@dylink.0 (mem-info))
  (import "env" "_start" (func)))
