;; /lib/memory-full.so: the program has no 2000048 bytes of memory left for it
(module
  (@dylink.0 (mem-info (memory 2000000 6))))
