;; /lib/table-size.so is not a side module for this program: it wants 1000000 slots of the table, more than a file of 27 bytes can fill
(module
  (@dylink.0 (mem-info (table 1000000 0))))
