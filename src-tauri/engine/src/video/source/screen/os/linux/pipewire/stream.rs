//! One stream of pictures from PipeWire: the newest of them, and nothing older.
//!
//! The library's own thread receives and copies; whoever looks takes the copy. Between the two is one lock, held for as long as a
//! copy takes, some 2 ms for a whole screen. What the other side says of its buffers is checked before a byte is read.
#![allow(unsafe_code)] // the interface is C

use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::ptr;
use std::slice;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::format::{
    DATA_FILE, DATA_POINTER, Format, META_CROP, META_CROP_SIZE, PARAM_FORMAT, buffers, offer,
};
use super::library::{Buffer, Data, Hook, Library, Opaque, StreamBuffer, StreamEvents};
use super::pod::{HEADER, MOST_BYTES, Pod};
use super::rows::{Crop, Rows};
use crate::device::DeviceProblem;
use crate::video::source::screen::watcher::{PIXEL, Pixels};

/// What the stream says it is for, so that the desktop can show that somebody looks.
const PROPERTIES: &CStr = c"media.type=Video media.category=Capture media.role=Screen";

/// Pictures come in.
const INPUT: c_int = 0;

/// `PW_STREAM_FLAG_AUTOCONNECT`, `_MAP_BUFFERS` and `_DONT_RECONNECT`: with what was chosen, and never with something else.
const FLAGS: c_int = 1 | 1 << 2 | 1 << 7;

/// States of a stream.
const FAILED: c_int = -1;
const UNCONNECTED: c_int = 0;

/// Parts of one buffer that are looked at for what is said of the picture.
const MOST_METAS: usize = 16;

/// The library keeps their address.
static EVENTS: StreamEvents = StreamEvents {
    version: 0,
    destroy: None,
    state_changed: Some(state_changed),
    control_info: None,
    io_changed: None,
    param_changed: Some(param_changed),
    add_buffer: None,
    remove_buffer: None,
    process: Some(process),
    drained: None,
};

/// A running stream. Dropping it ends it, and waits for a callback that is under way.
pub struct Stream {
    library: &'static Library,
    thread: *mut Opaque,
    context: *mut Opaque,
    core: *mut Opaque,
    stream: *mut Opaque,
    /// Boxes, of which the library has the addresses until the stream is destroyed.
    hook: *mut Hook,
    receiver: *mut Receiver,
    seen: Arc<Seen>,
}

/// What the library's thread works with.
struct Receiver {
    library: &'static Library,
    stream: *mut Opaque,
    format: Option<Format>,
    /// Filled and then exchanged with the newest, so that nothing is allocated for each picture.
    spare: Picture,
    seen: Arc<Seen>,
}

/// What was received, between the library's thread and whoever looks.
#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    newest: Picture,
    over: bool,
}

#[derive(Default)]
struct Picture {
    bgrx: Vec<u8>,
    width: u32,
    height: u32,
}

impl Seen {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// Joins the stream of this node by a connection that the portal gave.
    ///
    /// # Errors
    /// [`DeviceProblem::Failed`] when the library refuses.
    pub fn open(
        library: &'static Library,
        connection: OwnedFd,
        node: u32,
    ) -> Result<Self, DeviceProblem> {
        let seen = Arc::<Seen>::default();
        let receiver = Box::new(Receiver {
            library,
            stream: ptr::null_mut(),
            format: None,
            spare: Picture::default(),
            seen: Arc::clone(&seen),
        });
        // From here on, dropping it gives the library's memory back.
        let mut this = Self {
            library,
            thread: ptr::null_mut(),
            context: ptr::null_mut(),
            core: ptr::null_mut(),
            stream: ptr::null_mut(),
            hook: Box::into_raw(Box::new(Hook::new())),
            receiver: Box::into_raw(receiver),
            seen,
        };
        this.begin(connection, node)
            .ok_or_else(|| DeviceProblem::Failed("PipeWire refuses the stream".into()))?;
        Ok(this)
    }

    /// All that is done before its thread runs, and then its start.
    fn begin(&mut self, connection: OwnedFd, node: u32) -> Option<()> {
        let library = self.library;
        let made = |it: *mut Opaque| (!it.is_null()).then_some(it);
        // SAFETY: each takes what the one before gave, which lives until this is dropped. The properties and the file become the
        // library's own. No thread runs yet but this.
        unsafe {
            self.thread = made((library.pw_thread_loop_new)(
                c"screen-stream".as_ptr(),
                ptr::null(),
            ))?;
            let turns = (library.pw_thread_loop_get_loop)(self.thread);
            self.context = made((library.pw_context_new)(turns, ptr::null_mut(), 0))?;
            self.core = made((library.pw_context_connect_fd)(
                self.context,
                connection.into_raw_fd(),
                ptr::null_mut(),
                0,
            ))?;
            let properties = (library.pw_properties_new_string)(PROPERTIES.as_ptr());
            self.stream = made((library.pw_stream_new)(
                self.core,
                c"Visio".as_ptr(),
                properties,
            ))?;
            (*self.receiver).stream = self.stream;
            (library.pw_stream_add_listener)(
                self.stream,
                self.hook,
                &raw const EVENTS,
                self.receiver.cast(),
            );
            let offered = offer();
            let mut offers = [offered.as_ptr()];
            let connected = (library.pw_stream_connect)(
                self.stream,
                INPUT,
                node,
                FLAGS,
                offers.as_mut_ptr(),
                offers.len() as u32,
            );
            let started = (library.pw_thread_loop_start)(self.thread);
            (connected >= 0 && started >= 0).then_some(())
        }
    }

    /// Waits until there is a picture, or the stream is over; whether there is one by then.
    pub fn wait(&self, within: Duration) -> bool {
        let none = |state: &mut State| state.newest.bgrx.is_empty() && !state.over;
        let waited = self
            .seen
            .changed
            .wait_timeout_while(self.seen.lock(), within, none);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.newest.bgrx.is_empty()
    }

    /// Whether there will be no more pictures.
    pub fn is_over(&self) -> bool {
        self.seen.lock().over
    }

    /// The newest picture.
    ///
    /// # Errors
    /// [`DeviceProblem::Lost`] when there is none.
    pub fn newest(&self) -> Result<Pixels, DeviceProblem> {
        let state = self.seen.lock();
        let Picture {
            bgrx,
            width,
            height,
        } = &state.newest;
        let stride = *width as usize * PIXEL;
        Pixels::new(bgrx.clone(), stride, *width, *height)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let library = self.library;
        // SAFETY: the thread has ended before the first of what it uses is destroyed; each is destroyed once, before what it was
        // made from.
        unsafe {
            if !self.thread.is_null() {
                (library.pw_thread_loop_stop)(self.thread);
            }
            if !self.stream.is_null() {
                (library.pw_stream_destroy)(self.stream);
            }
            if !self.core.is_null() {
                (library.pw_core_disconnect)(self.core);
            }
            if !self.context.is_null() {
                (library.pw_context_destroy)(self.context);
            }
            if !self.thread.is_null() {
                (library.pw_thread_loop_destroy)(self.thread);
            }
            drop((Box::from_raw(self.hook), Box::from_raw(self.receiver)));
        }
    }
}

unsafe extern "C" fn state_changed(
    receiver: *mut c_void,
    before: c_int,
    now: c_int,
    error: *const c_char,
) {
    // SAFETY: the address given to the listener; only this thread uses what is there while it runs.
    let receiver = unsafe { &*receiver.cast::<Receiver>() };
    // SAFETY: null, or a string of the library that outlives the call.
    let error = (!error.is_null()).then(|| unsafe { CStr::from_ptr(error) });
    tracing::debug!(before, now, ?error, "the stream of a screen");
    if now == FAILED || now == UNCONNECTED && before > UNCONNECTED {
        receiver.seen.lock().over = true;
        receiver.seen.changed.notify_all();
    }
}

unsafe extern "C" fn param_changed(receiver: *mut c_void, id: u32, param: *const u8) {
    if id != PARAM_FORMAT {
        return;
    }
    // SAFETY: as above; no other reference to it is alive on this thread.
    let receiver = unsafe { &mut *receiver.cast::<Receiver>() };
    receiver.format = None;
    if param.is_null() {
        return;
    }
    // SAFETY: a value is at least its header, whose first word is the length of what follows, as the library has checked.
    let pod = unsafe {
        let length = param.cast::<u32>().read_unaligned() as usize;
        slice::from_raw_parts(param, HEADER + length.min(MOST_BYTES))
    };
    receiver.format = Format::read(pod);
    tracing::debug!(format = ?receiver.format, "the pictures of a screen");
    if receiver.format.is_some() {
        let (library, stream) = (receiver.library, receiver.stream);
        let asked = buffers();
        let mut asked = asked.each_ref().map(Pod::as_ptr);
        // SAFETY: reads as many values as are said, which outlive the call.
        unsafe {
            (library.pw_stream_update_params)(stream, asked.as_mut_ptr(), asked.len() as u32);
        }
    }
}

unsafe extern "C" fn process(receiver: *mut c_void) {
    // SAFETY: as above.
    let receiver = unsafe { &mut *receiver.cast::<Receiver>() };
    let (library, stream) = (receiver.library, receiver.stream);
    let mut newest: *mut StreamBuffer = ptr::null_mut();
    // SAFETY: each buffer is given back once, and not used afterwards.
    unsafe {
        loop {
            let next = (library.pw_stream_dequeue_buffer)(stream);
            if next.is_null() {
                break;
            }
            if !newest.is_null() {
                (library.pw_stream_queue_buffer)(stream, newest);
            }
            newest = next;
        }
        if !newest.is_null() {
            if let Some(buffer) = (*newest).buffer.as_ref() {
                receiver.receive(buffer);
            }
            (library.pw_stream_queue_buffer)(stream, newest);
        }
    }
}

impl Receiver {
    /// Copies the picture in this buffer; what is none is left.
    ///
    /// # Safety
    /// The buffer is one of the library's, not given back yet.
    unsafe fn receive(&mut self, buffer: &Buffer) {
        let data = match buffer.n_datas {
            0 => None,
            // SAFETY: by the contract its first part is there when it has any.
            _ => unsafe { buffer.datas.as_ref() },
        };
        let (Some(data), Some(format)) = (data, self.format) else {
            return;
        };
        if data.data.is_null() || data.chunk.is_null() || !is_readable(data) {
            return;
        }
        // The other side may write there at any time: it is read once, and what was read is checked.
        // SAFETY: by the contract it is there; it is as large as this structure.
        let chunk = unsafe { data.chunk.read_volatile() };
        // SAFETY: as of this function.
        let crop = unsafe { crop(buffer) };
        let Some(rows) = Rows::find(data.most_size as usize, chunk, format, crop) else {
            return;
        };
        let Picture {
            bgrx,
            width,
            height,
        } = &mut self.spare;
        (*width, *height) = (rows.width, rows.height);
        bgrx.clear();
        for n in 0..rows.height as usize {
            // SAFETY: each row is within the buffer's memory, as was checked.
            let row = unsafe {
                let start = data.data.add(rows.start + n * rows.stride);
                slice::from_raw_parts(start, rows.row())
            };
            bgrx.extend_from_slice(row);
        }
        if format.red_first {
            let (pixels, _) = bgrx.as_chunks_mut::<PIXEL>();
            pixels.iter_mut().for_each(|pixel| pixel.swap(0, 2));
        }
        std::mem::swap(&mut self.seen.lock().newest, &mut self.spare);
        self.seen.changed.notify_all();
    }
}

/// Whether the memory is of a kind that can be read, and wholly there: of a file that is shorter than said, reading would end the
/// program.
fn is_readable(data: &Data) -> bool {
    match (data.kind, RawFd::try_from(data.fd)) {
        (DATA_POINTER, _) => true,
        (DATA_FILE, Ok(fd)) if fd >= 0 => {
            // SAFETY: the file is the library's, open for as long as the buffer is there; it is not closed here.
            let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
            let needed = u64::from(data.map_offset) + u64::from(data.most_size);
            file.metadata().is_ok_and(|it| it.len() >= needed)
        }
        _ => false,
    }
}

/// The part of the buffer that is the picture, if it says so.
///
/// # Safety
/// The buffer is one of the library's, not given back yet.
unsafe fn crop(buffer: &Buffer) -> Option<Crop> {
    let count = (buffer.n_metas as usize).min(MOST_METAS);
    if buffer.metas.is_null() {
        return None;
    }
    // SAFETY: by the contract there are so many.
    let metas = unsafe { slice::from_raw_parts(buffer.metas, count) };
    let meta = metas.iter().find(|meta| {
        meta.kind == META_CROP && meta.size as usize >= META_CROP_SIZE && !meta.data.is_null()
    })?;
    // SAFETY: so many bytes are there, as was checked; the other side may write them at any time, and what was read is checked.
    Some(unsafe { meta.data.cast::<Crop>().read_volatile() })
}
