;; /lib/table-alignment.so is not a side module for this program: its table is to be aligned to 2^4294967295, and 2^8 is the most
(module
  (@dylink.0 (mem-info (table 1 4294967295))))
