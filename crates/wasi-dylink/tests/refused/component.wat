;; /lib/component.so is not a side module for this program: it is a component; a side module is a core module
(component)
