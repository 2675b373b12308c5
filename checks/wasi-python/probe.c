// An extension module that links to the interpreter in all the ways that there are.
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

// of libcounter.so
extern int counter;
int count(void);

// defined nowhere
__attribute__((weak)) int absent(void);

// data with addresses in them: of the interpreter's data, of its functions, of a function here
static PyTypeObject *type_of_integers = &PyLong_Type;
static PyObject *(*from_integer)(long) = PyLong_FromLong;
static int ascending(const void *left, const void *right) {
    int a = *(const int *)left, b = *(const int *)right;
    return (a > b) - (a < b);
}
static int (*order)(const void *, const void *) = ascending;

static _Alignas(256) char aligned[256] = {1};
static char zeroed[1000];
static int began;

__attribute__((constructor)) static void begin(void) { began = counter; }

// The C library of the interpreter calls back into this module.
static PyObject *sorted_(PyObject *self, PyObject *list) {
    Py_ssize_t length = PyList_Size(list);
    if (length < 0) return NULL;
    int *numbers = malloc((length + 1) * sizeof *numbers);
    if (!numbers) return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < length; i++) numbers[i] = (int)PyLong_AsLong(PyList_GetItem(list, i));
    PyObject *result = NULL;
    if (!PyErr_Occurred()) {
        qsort(numbers, length, sizeof *numbers, order);
        result = PyList_New(length);
        for (Py_ssize_t i = 0; result && i < length; i++) PyList_SetItem(result, i, from_integer(numbers[i]));
    }
    free(numbers);
    return result;
}

static PyObject *is_integer(PyObject *self, PyObject *value) {
    return PyBool_FromLong(Py_TYPE(value) == type_of_integers);
}

static PyObject *power(PyObject *self, PyObject *args) {
    double base, exponent;
    if (!PyArg_ParseTuple(args, "dd", &base, &exponent)) return NULL;
    return PyFloat_FromDouble(pow(base, exponent));
}

// errno is the interpreter's
static PyObject *open_(PyObject *self, PyObject *path) {
    const char *name = PyUnicode_AsUTF8AndSize(path, NULL);
    if (!name) return NULL;
    FILE *file = fopen(name, "r");
    if (!file) return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, path);
    fclose(file);
    Py_RETURN_NONE;
}

static PyObject *call(PyObject *self, PyObject *function) { return PyObject_CallNoArgs(function); }

static PyObject *count_(PyObject *self, PyObject *unused) { return PyLong_FromLong(count()); }

static PyObject *trap(PyObject *self, PyObject *unused) { __builtin_trap(); }

static PyObject *state(PyObject *self, PyObject *unused) {
    int sum = 0;
    for (size_t i = 0; i < sizeof zeroed; i++) sum += zeroed[i];
    return Py_BuildValue("{s:i,s:i,s:i,s:i,s:i}", "began", began, "counter", counter, "zeroed", sum,
                         "misaligned", (int)((unsigned long)aligned % 256), "absent", absent != NULL);
}

static PyMethodDef methods[] = {
    {"sorted", sorted_, METH_O, NULL},    {"is_integer", is_integer, METH_O, NULL},
    {"power", power, METH_VARARGS, NULL}, {"open", open_, METH_O, NULL},
    {"call", call, METH_O, NULL},         {"count", count_, METH_NOARGS, NULL},
    {"state", state, METH_NOARGS, NULL},  {"trap", trap, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

// A type whose memory management is the interpreter's: it compares these pointers with its own.
static PyType_Slot slots[] = {
    {Py_tp_alloc, PyType_GenericAlloc}, {Py_tp_new, PyType_GenericNew}, {Py_tp_free, PyObject_Free}, {0, NULL}};
static PyType_Spec spec = {"probe.Thing", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};

static int execute(PyObject *module) {
    PyObject *type = PyType_FromSpec(&spec);
    int same = type && ((PyTypeObject *)type)->tp_free == PyBaseObject_Type.tp_free;
    return !type || PyModule_AddObject(module, "Thing", type) || PyModule_AddIntConstant(module, "same_free", same)
               ? -1
               : 0;
}

static PyModuleDef_Slot steps[] = {{Py_mod_exec, execute}, {0, NULL}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "probe", .m_methods = methods, .m_slots = steps};

PyMODINIT_FUNC PyInit_probe(void) { return PyModuleDef_Init(&definition); }
