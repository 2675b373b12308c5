;; /lib/memory-alignment.so is not a side module for this program: its memory is to be aligned to 2^17, and 2^16 is the most
(module
  (@dylink.0 (mem-info (memory 8 17))))
