//! The functions and structures of libpipewire that are used here, by their C interface, and nothing else.
#![allow(unsafe_code)] // the interface is C

use std::ffi::{c_char, c_int, c_void};
use std::marker::{PhantomData, PhantomPinned};
use std::ptr;
use std::sync::OnceLock;

use super::rows::Chunk;

/// The same since 2019: PipeWire 1 keeps the name.
const NAME: &str = "libpipewire-0.3.so.0";

/// Something of the library's own, known by its address only.
#[repr(C)]
pub struct Opaque(PhantomData<(*mut u8, PhantomPinned)>, [u8; 0]);

/// `struct spa_hook`: the library's room for one listener.
#[repr(C)]
pub struct Hook([*mut c_void; 6]);

impl Hook {
    pub fn new() -> Self {
        Self([ptr::null_mut(); 6])
    }
}

/// `struct pw_stream_events` in its first version, whose functions may be missing.
#[repr(C)]
pub struct StreamEvents {
    pub version: u32,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    pub state_changed: Option<unsafe extern "C" fn(*mut c_void, c_int, c_int, *const c_char)>,
    pub control_info: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_void)>,
    pub io_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *mut c_void, u32)>,
    pub param_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *const u8)>,
    pub add_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut StreamBuffer)>,
    pub remove_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut StreamBuffer)>,
    pub process: Option<unsafe extern "C" fn(*mut c_void)>,
    pub drained: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// The beginning of `struct pw_buffer`.
#[repr(C)]
pub struct StreamBuffer {
    pub buffer: *const Buffer,
}

/// `struct spa_buffer`.
#[repr(C)]
pub struct Buffer {
    pub n_metas: u32,
    pub n_datas: u32,
    pub metas: *const Meta,
    pub datas: *const Data,
}

/// `struct spa_meta`.
#[repr(C)]
pub struct Meta {
    pub kind: u32,
    pub size: u32,
    pub data: *const c_void,
}

/// `struct spa_data`.
#[repr(C)]
pub struct Data {
    pub kind: u32,
    pub flags: u32,
    pub fd: i64,
    pub map_offset: u32,
    pub most_size: u32,
    pub data: *const u8,
    pub chunk: *const Chunk,
}

/// Declares the functions, and finds each by its name in the library.
macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The library, loaded once and kept.
        #[allow(non_snake_case)]
        pub struct Library {
            $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            _code: libloading::Library,
        }

        impl Library {
            fn load() -> Result<Self, libloading::Error> {
                // SAFETY: the library runs nothing on being loaded, and its functions are as its headers declare them.
                unsafe {
                    let code = libloading::Library::new(NAME)?;
                    Ok(Self {
                        $($name: *code.get(concat!(stringify!($name), "\0").as_bytes())?,)*
                        _code: code,
                    })
                }
            }
        }
    };
}

functions! {
    pw_init: fn(*mut c_int, *mut c_void);
    pw_properties_new_string: fn(*const c_char) -> *mut Opaque;
    pw_thread_loop_new: fn(*const c_char, *const c_void) -> *mut Opaque;
    pw_thread_loop_get_loop: fn(*mut Opaque) -> *mut Opaque;
    pw_thread_loop_start: fn(*mut Opaque) -> c_int;
    pw_thread_loop_stop: fn(*mut Opaque);
    pw_thread_loop_destroy: fn(*mut Opaque);
    pw_context_new: fn(*mut Opaque, *mut Opaque, usize) -> *mut Opaque;
    pw_context_connect_fd: fn(*mut Opaque, c_int, *mut Opaque, usize) -> *mut Opaque;
    pw_context_destroy: fn(*mut Opaque);
    pw_core_disconnect: fn(*mut Opaque) -> c_int;
    pw_stream_new: fn(*mut Opaque, *const c_char, *mut Opaque) -> *mut Opaque;
    pw_stream_add_listener: fn(*mut Opaque, *mut Hook, *const StreamEvents, *mut c_void);
    pw_stream_connect: fn(*mut Opaque, c_int, u32, c_int, *mut *const u64, u32) -> c_int;
    pw_stream_update_params: fn(*mut Opaque, *mut *const u64, u32) -> c_int;
    pw_stream_dequeue_buffer: fn(*mut Opaque) -> *mut StreamBuffer;
    pw_stream_queue_buffer: fn(*mut Opaque, *mut StreamBuffer) -> c_int;
    pw_stream_destroy: fn(*mut Opaque);
}

impl Library {
    /// None where it is not installed; looked for again each time, since it may be by then.
    pub fn get() -> Option<&'static Self> {
        static LOADED: OnceLock<Library> = OnceLock::new();
        if let Some(loaded) = LOADED.get() {
            return Some(loaded);
        }
        match Self::load() {
            Ok(library) => Some(LOADED.get_or_init(|| {
                // SAFETY: it may be called several times, and takes nothing when there are no arguments.
                unsafe { (library.pw_init)(ptr::null_mut(), ptr::null_mut()) };
                library
            })),
            Err(error) => {
                tracing::debug!(%error, "there is no PipeWire");
                None
            }
        }
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn the_structures_are_as_large_as_the_librarys_own() {
        assert_eq!(size_of::<Hook>(), 48);
        assert_eq!(size_of::<StreamEvents>(), 80);
        assert_eq!(size_of::<Buffer>(), 24);
        assert_eq!(size_of::<Meta>(), 16);
        assert_eq!(size_of::<Data>(), 40);
        assert_eq!(size_of::<Chunk>(), 16);
    }
}
