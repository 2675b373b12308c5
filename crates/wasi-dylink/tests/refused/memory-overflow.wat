;; /lib/memory-overflow.so: the program has no 4294967311 bytes of memory left for it
(module
  (@dylink.0 (mem-info (memory 4294967295 5))))
