//! Raw functions in front of methods, and functions, that are called by the million. A call with few and plain arguments
//! goes the quick way, one function deep: after a system call each return costs more than what a method does. Every other
//! call goes on to the method itself, which knows all arguments and their errors.

#![allow(unsafe_code)]

use std::ffi::{CString, c_void};
use std::marker::PhantomData;
use std::mem::transmute;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::types::PyString;
use pyo3::{PyClass, PyErr};

type Raw = ffi::PyCFunctionFastWithKeywords;

/// The quick function, and what it stands before.
pub(crate) struct Front {
    name: &'static str,
    front: Raw,
    /// What it stands before, as it was found.
    object: AtomicPtr<ffi::PyObject>,
    /// The function in that, once it was called.
    function: AtomicPtr<c_void>,
}

/// A front of a method: `front!` makes it.
pub(crate) struct Method<T>(Front, PhantomData<fn(T)>);

/// A front of a function of the module: `front!` makes it.
pub(crate) struct Function(Front);

/// What a call was made with, as the interpreter hands it over: so many objects, and behind them those that the tuple of
/// names, or NULL, names. All of them are there as long as this is.
pub(crate) struct Call {
    this: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    count: isize,
    names: *mut ffi::PyObject,
}

/// A front's function: the quick way, from the object, where it is a method, and the arguments; `None`, before anything
/// was done: not for it.
macro_rules! front {
    ($front:ident, $name:literal, $class:ty, $way:expr) => {
        front!(@ $front, $name, $crate::front::Method<$class>, $way);
    };
    ($front:ident, $name:literal, $way:expr) => {
        front!(@ $front, $name, $crate::front::Function, $way);
    };
    (@ $front:ident, $name:literal, $kind:ty, $way:expr) => {
        #[allow(unsafe_code)]
        static $front: $kind = {
            unsafe extern "C" fn front(
                this: *mut pyo3::ffi::PyObject,
                args: *const *mut pyo3::ffi::PyObject,
                count: isize,
                names: *mut pyo3::ffi::PyObject,
            ) -> *mut pyo3::ffi::PyObject {
                // SAFETY: called by the interpreter, as what it was put in the place of.
                unsafe { $front.go(&$crate::front::Call::new(this, args, count, names), $way) }
            }
            // SAFETY: that is its front.
            unsafe { <$kind>::new($name, front) }
        };
    };
}
pub(crate) use front;

impl<T: PyClass<Frozen = True> + Sync> Method<T> {
    /// # Safety
    /// The front takes an object of the class, and does nothing but [`Method::go`] with this.
    pub(crate) const unsafe fn new(name: &'static str, front: Raw) -> Method<T> {
        Method(Front::new(name, front), PhantomData)
    }

    /// Puts the front in the method's place; it says of itself what the method does.
    pub(crate) fn put(&'static self, py: Python<'_>) -> PyResult<()> {
        let class = py.get_type::<T>();
        self.0.put(&class, |definition| {
            // SAFETY: the definition is there for good, and its function is of the kind that the flags say.
            unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition)) }
        })
    }

    /// # Safety
    /// Called by the interpreter, which is held, for a method of that class.
    #[inline(always)]
    pub(crate) unsafe fn go(
        &self,
        call: &Call,
        way: impl for<'a> FnOnce(Python<'a>, &'a T, &'a Call) -> Option<PyResult<*mut ffi::PyObject>>,
    ) -> *mut ffi::PyObject {
        // SAFETY: the caller's promise; the object outlives the call.
        unsafe {
            self.0.go(call, |py, call| {
                let this = Bound::ref_from_ptr(py, &call.this).cast_unchecked::<T>().get();
                way(py, this, call)
            })
        }
    }
}

impl Function {
    /// # Safety
    /// The front does nothing but [`Function::go`] with this.
    pub(crate) const unsafe fn new(name: &'static str, front: Raw) -> Function {
        Function(Front::new(name, front))
    }

    /// Puts the front in the function's place; it says of itself what the function does.
    pub(crate) fn put(&'static self, module: &Bound<'_, PyModule>) -> PyResult<()> {
        let name = module.name()?;
        self.0.put(module, |definition| {
            // SAFETY: the definition is there for good, and its function is of the kind that the flags say.
            unsafe {
                let function = ffi::PyCFunction_NewEx(definition, module.as_ptr(), name.as_ptr());
                Bound::from_owned_ptr_or_err(module.py(), function)
            }
        })
    }

    /// # Safety
    /// Called by the interpreter, which is held.
    #[inline(always)]
    pub(crate) unsafe fn go(
        &self,
        call: &Call,
        way: impl for<'a> FnOnce(Python<'a>, &'a Call) -> Option<PyResult<*mut ffi::PyObject>>,
    ) -> *mut ffi::PyObject {
        // SAFETY: the caller's promise.
        unsafe { self.0.go(call, way) }
    }
}

impl Front {
    const fn new(name: &'static str, front: Raw) -> Front {
        let (object, function) = (AtomicPtr::new(std::ptr::null_mut()), AtomicPtr::new(std::ptr::null_mut()));
        Front { name, front, object, function }
    }

    fn put<'py>(
        &'static self,
        place: &Bound<'py, PyAny>,
        make: impl FnOnce(*mut ffi::PyMethodDef) -> PyResult<Bound<'py, PyAny>>,
    ) -> PyResult<()> {
        if !self.object.load(Ordering::Relaxed).is_null() {
            return Ok(());
        }
        let found = place.getattr(self.name)?;
        let told = |what| found.getattr(what)?.extract::<String>();
        let doc = format!("{}{}\n--\n\n{}", self.name, told("__text_signature__")?, told("__doc__")?);
        let front = make(Box::leak(Box::new(ffi::PyMethodDef {
            ml_name: CString::new(self.name)?.into_raw(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: self.front },
            ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
            ml_doc: CString::new(doc)?.into_raw(),
        })))?;
        self.object.store(found.into_ptr(), Ordering::Relaxed);
        place.setattr(self.name, front)
    }

    /// The function that the front stands before; `this` is an object of the class, or the module.
    fn function(&self, this: &Bound<'_, PyAny>) -> PyResult<*mut c_void> {
        let mut function = self.function.load(Ordering::Relaxed);
        if function.is_null() {
            let object = self.object.load(Ordering::Relaxed);
            // SAFETY: a reference that is kept for good.
            let object = unsafe { Bound::ref_from_ptr(this.py(), &object) };
            // A function is bound already.
            let bound = match object.getattr("__get__") {
                Ok(get) => get.call1((this,))?,
                Err(_) => object.clone(),
            };
            // SAFETY: of what is no such object it says so.
            let (flags, found) =
                unsafe { (ffi::PyCFunction_GetFlags(bound.as_ptr()), ffi::PyCFunction_GetFunction(bound.as_ptr())) };
            function = match found {
                Some(found) if flags == ffi::METH_FASTCALL | ffi::METH_KEYWORDS => found as *mut c_void,
                _ => {
                    return Err(
                        PyErr::take(this.py()).unwrap_or_else(|| PySystemError::new_err("another kind of method"))
                    );
                }
            };
            self.function.store(function, Ordering::Relaxed);
        }
        Ok(function)
    }

    /// What the front stands before.
    ///
    /// # Safety
    /// As [`Front::go`].
    #[cold]
    #[inline(never)]
    unsafe fn call(&self, call: &Call) -> *mut ffi::PyObject {
        // SAFETY: the caller's promise; a function of the front's own kind.
        unsafe {
            let py = Python::assume_attached();
            match self.function(Bound::ref_from_ptr(py, &call.this)) {
                Ok(function) => transmute::<*mut c_void, Raw>(function)(call.this, call.args, call.count, call.names),
                Err(error) => failed(py, error),
            }
        }
    }

    /// # Safety
    /// Called by the interpreter, which is held, as what this stands before.
    #[inline(always)]
    unsafe fn go(
        &self,
        call: &Call,
        way: impl for<'a> FnOnce(Python<'a>, &'a Call) -> Option<PyResult<*mut ffi::PyObject>>,
    ) -> *mut ffi::PyObject {
        // SAFETY: the caller's promise.
        let py = unsafe { Python::assume_attached() };
        match catch_unwind(AssertUnwindSafe(|| way(py, call))) {
            Ok(Some(Ok(object))) => object,
            Ok(Some(Err(error))) => failed(py, error),
            // SAFETY: as above.
            Ok(None) => unsafe { self.call(call) },
            Err(_) => failed(py, PanicException::new_err("a defect of perlipc")),
        }
    }
}

impl Call {
    /// # Safety
    /// With what the interpreter calls a method of that kind.
    #[inline(always)]
    pub(crate) unsafe fn new(
        this: *mut ffi::PyObject,
        args: *const *mut ffi::PyObject,
        count: isize,
        names: *mut ffi::PyObject,
    ) -> Call {
        Call { this, args, count, names }
    }

    /// Whether that many arguments were given at most, and none by name.
    #[inline(always)]
    pub(crate) fn has_up_to(&self, most: isize) -> bool {
        self.count <= most && self.names.is_null()
    }

    /// Whether just that many arguments were given, and none by name.
    #[inline(always)]
    pub(crate) fn is_of(&self, count: isize) -> bool {
        self.count == count && self.names.is_null()
    }

    /// As [`Call::has_up_to`], but for one that may be given by that name, which is interned: the number that it is.
    #[inline(always)]
    pub(crate) fn has_up_to_and(&self, most: isize, name: &Bound<'_, PyString>, otherwise: i64) -> Option<i64> {
        if self.names.is_null() {
            return (self.count <= most).then_some(otherwise);
        }
        // SAFETY: a tuple, and the interpreter is held.
        let named =
            unsafe { ffi::PyTuple_Size(self.names) == 1 && ffi::PyTuple_GetItem(self.names, 0) == name.as_ptr() };
        // SAFETY: what is named stands behind the others.
        if self.count <= most && named { number(unsafe { *self.args.offset(self.count) }) } else { None }
    }

    #[inline(always)]
    fn arg(&self, at: isize) -> Option<*mut ffi::PyObject> {
        // SAFETY: it is one of them.
        (at < self.count).then(|| unsafe { *self.args.offset(at) })
    }

    /// An argument that is bytes.
    #[inline(always)]
    pub(crate) fn bytes(&self, at: isize) -> Option<&[u8]> {
        let object = self.arg(at)?;
        // SAFETY: an object that is there as long as the call, and whose bytes never change.
        unsafe {
            let data = (ffi::PyBytes_Check(object) != 0).then(|| ffi::PyBytes_AsString(object))?;
            Some(std::slice::from_raw_parts(data.cast(), ffi::PyBytes_Size(object) as usize))
        }
    }

    /// An argument that is a str.
    #[inline(always)]
    pub(crate) fn text(&self, at: isize) -> Option<&str> {
        let object = self.arg(at)?;
        let mut len = 0;
        // SAFETY: an object that is there as long as the call, and whose text never changes.
        unsafe {
            let text =
                (ffi::PyUnicode_CheckExact(object) != 0).then(|| ffi::PyUnicode_AsUTF8AndSize(object, &mut len))?;
            if text.is_null() {
                // The function says what is wrong.
                ffi::PyErr_Clear();
                return None;
            }
            Some(std::str::from_utf8_unchecked(std::slice::from_raw_parts(text.cast(), len as usize)))
        }
    }

    /// Whether None is given, alone.
    #[inline(always)]
    pub(crate) fn is_none_alone(&self) -> bool {
        // SAFETY: the interpreter is held.
        self.has_up_to(1) && self.arg(0) == Some(unsafe { ffi::Py_None() })
    }

    /// An argument that is an int of 64 bits.
    #[inline(always)]
    pub(crate) fn number(&self, at: isize, otherwise: i64) -> Option<i64> {
        self.arg(at).map_or(Some(otherwise), number)
    }
}

#[inline(always)]
fn number(object: *mut ffi::PyObject) -> Option<i64> {
    // SAFETY: an argument, and the interpreter is held.
    unsafe {
        let number = (ffi::PyLong_CheckExact(object) != 0).then(|| ffi::PyLong_AsLongLong(object))?;
        if number == -1 && !ffi::PyErr_Occurred().is_null() {
            // The method says what is wrong.
            ffi::PyErr_Clear();
            return None;
        }
        Some(number)
    }
}

#[cold]
#[inline(never)]
fn failed(py: Python<'_>, error: PyErr) -> *mut ffi::PyObject {
    error.restore(py);
    std::ptr::null_mut()
}

/// None, as a new reference.
#[inline(always)]
pub(crate) fn none((): ()) -> *mut ffi::PyObject {
    // SAFETY: a front's way is gone with the interpreter held.
    unsafe {
        let none = ffi::Py_None();
        ffi::Py_INCREF(none);
        none
    }
}
