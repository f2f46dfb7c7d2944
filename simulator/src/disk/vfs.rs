//! SQLite's door to the simulated disks: one file system under one name, every disk a folder in it.
//!
//! This is the only file of the crate with `unsafe` in it: it turns SQLite's pointers into slices and references, and
//! decides nothing. Beneath it everything is safe Rust. It does what SQLite's own file system for Unix does (`os_unix.c`):
//! sectors of 4,096 bytes that a power cut may tear but whose neighbours it spares, normal locks, shared memory for the
//! write-ahead log.
#![expect(unsafe_code, reason = "SQLite calls a file system through C pointers")]

use super::{
    SharedMachine,
    handle::{Handle, Opening},
    lock,
    locks::{Level, ShmWish},
    machine::{Machine, Trouble},
};
use rusqlite::ffi;
use std::{
    collections::BTreeMap,
    ffi::{CStr, c_char, c_int, c_void},
    io,
    path::PathBuf,
    ptr,
    sync::{
        Mutex, OnceLock, Weak,
        atomic::{AtomicU64, Ordering, fence},
    },
};

/// The name of the file system, as `sqlite3_open_v2` takes it.
pub(super) const NAME: &str = "city-disk";
const C_NAME: &CStr = c"city-disk";

/// The longest path, in bytes: `/`, a number, `/` and a name.
const PATH_BYTES_MAX: c_int = 512;
/// What SQLite's Unix file system says of its sectors.
const SECTOR_BYTES: c_int = 4_096;
/// The instant SQLite is told it is, as a Julian day in milliseconds: nothing of ours asks SQLite for the time.
const JULIAN_MS: i64 = 212_830_200_000_000;

static MACHINES: Mutex<BTreeMap<u64, Weak<Mutex<Machine>>>> = Mutex::new(BTreeMap::new());
static PLACES: AtomicU64 = AtomicU64::new(1);
static REGISTERED: OnceLock<c_int> = OnceLock::new();

/// The folder of one disk in the file system.
pub(super) struct Place(u64);

impl Place {
    pub(super) fn take(machine: &SharedMachine) -> std::sync::Arc<Place> {
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        lock(&MACHINES).insert(number, std::sync::Arc::downgrade(machine));
        std::sync::Arc::new(Place(number))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/{}/{name}", self.0))
    }

    /// Makes the file system known to SQLite, once a process.
    pub(super) fn ready(&self) -> io::Result<()> {
        match *REGISTERED.get_or_init(register) {
            ffi::SQLITE_OK => Ok(()),
            code => Err(io::Error::other(ffi::Error::new(code))),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&MACHINES).remove(&self.0);
    }
}

/// The disk and the file a path names.
fn find(path: &str) -> Option<(SharedMachine, &str)> {
    let (number, name) = path.strip_prefix('/')?.split_once('/')?;
    let machine = lock(&MACHINES).get(&number.parse().ok()?)?.upgrade()?;
    Some((machine, name))
}

fn register() -> c_int {
    let vfs = ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: size_of::<OpenFile>() as c_int,
        mxPathname: PATH_BYTES_MAX,
        pNext: ptr::null_mut(),
        zName: C_NAME.as_ptr(),
        pAppData: ptr::null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_path),
        xDlOpen: None,
        xDlError: None,
        xDlSym: None,
        xDlClose: None,
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: None,
        xCurrentTimeInt64: Some(current_time_ms),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    };
    // SAFETY: SQLite keeps the pointer and writes to `pNext` for as long as the process lives; the box is never freed. The
    // name is static. Every function given has the signature SQLite asks for.
    unsafe { ffi::sqlite3_vfs_register(Box::into_raw(Box::new(vfs)), 0) }
}

/// What SQLite allocates for an open file: its own head, then our handle, null when the file is not open.
#[repr(C)]
struct OpenFile {
    head: ffi::sqlite3_file,
    handle: *mut Handle,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock_file),
    xUnlock: Some(unlock_file),
    xCheckReservedLock: Some(check_reserved),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// SQLite's code of a trouble; `io` says which kind of operation failed.
fn code(trouble: Trouble, io: c_int) -> c_int {
    match trouble {
        Trouble::Io | Trouble::ReadOnly => io,
        Trouble::Full => ffi::SQLITE_FULL,
        Trouble::Busy => ffi::SQLITE_BUSY,
        Trouble::Missing => ffi::SQLITE_CANTOPEN,
    }
}

fn answer(outcome: Result<(), Trouble>, io: c_int) -> c_int {
    outcome.map_or_else(|trouble| code(trouble, io), |()| ffi::SQLITE_OK)
}

fn length(number: impl TryInto<usize>) -> Result<usize, Trouble> {
    number.try_into().map_err(|_| Trouble::Io)
}

/// The handle behind SQLite's pointer.
///
/// # Safety
/// `file` must come from SQLite, which got it from [`open`] and has not closed it. SQLite calls the methods of one file
/// one at a time, so nothing else refers to the handle meanwhile.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> Result<&'a mut Handle, Trouble> {
    // SAFETY: the caller's promise; `open` stored a box's pointer or null, and only `close` frees it.
    unsafe { (*file.cast::<OpenFile>()).handle.as_mut() }.ok_or(Trouble::Io)
}

/// A path as SQLite gives it.
///
/// # Safety
/// `path` is null or ends in a zero byte, and lives as long as the call it came with.
unsafe fn text<'a>(path: *const c_char) -> Option<&'a str> {
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(path) }.to_str().ok()
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    path: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let has = |flag: c_int| flags & flag != 0;
    let journals = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;
    let opening = Opening {
        create: has(ffi::SQLITE_OPEN_CREATE),
        exclusive: has(ffi::SQLITE_OPEN_EXCLUSIVE),
        write: has(ffi::SQLITE_OPEN_READWRITE),
        delete_on_close: has(ffi::SQLITE_OPEN_DELETEONCLOSE),
        journal: has(journals),
    };
    // SAFETY: SQLite passes a path that ends in a zero byte, or null for a file without a name.
    let opened = match unsafe { text(path) } {
        None => Handle::scratch(),
        Some(path) => find(path)
            .ok_or(Trouble::Missing)
            .and_then(|(machine, name)| Handle::open(machine, name, opening)),
    };
    let (handle, methods, code) = match opened {
        Ok(handle) => {
            let granted = if handle.read_only {
                (flags & !ffi::SQLITE_OPEN_READWRITE) | ffi::SQLITE_OPEN_READONLY
            } else {
                flags
            };
            if !flags_out.is_null() {
                // SAFETY: SQLite passes a place for the flags, or null.
                unsafe { *flags_out = granted };
            }
            (Box::into_raw(Box::new(handle)), ptr::from_ref(&METHODS), ffi::SQLITE_OK)
        }
        Err(_) => (ptr::null_mut(), ptr::null(), ffi::SQLITE_CANTOPEN),
    };
    // SAFETY: SQLite allocated `szOsFile` bytes, the size of an `OpenFile`, aligned for pointers. Null methods tell it that
    // there is nothing to close.
    unsafe {
        file.cast::<OpenFile>().write(OpenFile { head: ffi::sqlite3_file { pMethods: methods }, handle })
    };
    code
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let file = file.cast::<OpenFile>();
    // SAFETY: SQLite closes a file it got from `open`, once; the pointer is a box's, and nothing uses it after.
    unsafe {
        let handle = ptr::replace(&raw mut (*file).handle, ptr::null_mut());
        if !handle.is_null() {
            drop(Box::from_raw(handle));
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let outcome = (|| {
        let (count, at) = (length(count)?, length(at)?);
        // SAFETY: SQLite passes `count` bytes to fill and does not touch them meanwhile. They may be uninitialised; zeros
        // are written first through the pointer.
        let buffer = unsafe {
            ptr::write_bytes(buffer.cast::<u8>(), 0, count);
            std::slice::from_raw_parts_mut(buffer.cast::<u8>(), count)
        };
        // SAFETY: an open file of SQLite's.
        unsafe { handle(file) }?.read(buffer, at)
    })();
    match outcome {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_READ),
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    count: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    let outcome = (|| {
        let (count, at) = (length(count)?, length(at)?);
        // SAFETY: SQLite passes `count` bytes to read and does not change them meanwhile.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) };
        // SAFETY: an open file of SQLite's.
        unsafe { handle(file) }?.write(bytes, at)
    })();
    answer(outcome, ffi::SQLITE_IOERR_WRITE)
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file of SQLite's.
    let outcome = length(size).and_then(|size| unsafe { handle(file) }?.resize(size));
    answer(outcome, ffi::SQLITE_IOERR_TRUNCATE)
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file of SQLite's.
    answer(unsafe { handle(file) }.and_then(Handle::sync), ffi::SQLITE_IOERR_FSYNC)
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file of SQLite's.
    let found = unsafe { handle(file) }.and_then(|handle| handle.length());
    let outcome = found.map(|bytes| {
        // SAFETY: SQLite passes a place for the number.
        unsafe { *size = i64::try_from(bytes).unwrap_or(i64::MAX) };
    });
    answer(outcome, ffi::SQLITE_IOERR_FSTAT)
}

fn level(number: c_int) -> Level {
    match number {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

unsafe extern "C" fn lock_file(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: an open file of SQLite's.
    answer(unsafe { handle(file) }.and_then(|handle| handle.lock(level(wanted))), ffi::SQLITE_IOERR_LOCK)
}

unsafe extern "C" fn unlock_file(file: *mut ffi::sqlite3_file, to: c_int) -> c_int {
    // SAFETY: an open file of SQLite's.
    answer(unsafe { handle(file) }.map(|handle| handle.unlock(level(to))), ffi::SQLITE_IOERR_UNLOCK)
}

unsafe extern "C" fn check_reserved(file: *mut ffi::sqlite3_file, reserved: *mut c_int) -> c_int {
    // SAFETY: an open file of SQLite's, and a place for the answer.
    let outcome =
        unsafe { handle(file) }.map(|handle| unsafe { *reserved = c_int::from(handle.is_reserved()) });
    answer(outcome, ffi::SQLITE_IOERR_CHECKRESERVEDLOCK)
}

/// No control is known; SQLite then does what it does by itself.
unsafe extern "C" fn file_control(_file: *mut ffi::sqlite3_file, _what: c_int, _with: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_file: *mut ffi::sqlite3_file) -> c_int {
    SECTOR_BYTES
}

unsafe extern "C" fn characteristics(_file: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE | ffi::SQLITE_IOCAP_SUBPAGE_READ
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    extend: c_int,
    place: *mut *mut c_void,
) -> c_int {
    let outcome = (|| {
        let (region, bytes) = (length(region)?, length(bytes)?);
        // SAFETY: an open file of SQLite's.
        unsafe { handle(file) }?.map_memory(region, bytes, extend != 0)
    })();
    let (memory, code) = match outcome {
        Ok(memory) => (memory.unwrap_or(ptr::null_mut()), ffi::SQLITE_OK),
        Err(Trouble::ReadOnly) => (ptr::null_mut(), ffi::SQLITE_READONLY_CANTINIT),
        Err(trouble) => (ptr::null_mut(), code(trouble, ffi::SQLITE_IOERR_SHMMAP)),
    };
    // SAFETY: SQLite passes a place for the pointer. What it points to are atomics, which only SQLite touches, and which the
    // handle keeps alive until SQLite unmaps or closes it.
    unsafe { *place = memory.cast() };
    code
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let wish = if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        ShmWish::Release
    } else if flags & ffi::SQLITE_SHM_EXCLUSIVE != 0 {
        ShmWish::Exclude
    } else {
        ShmWish::Share
    };
    let outcome = (|| {
        let (first, count) = (length(first)?, length(count)?);
        // SAFETY: an open file of SQLite's.
        unsafe { handle(file) }?.lock_memory(first, count, wish)
    })();
    answer(outcome, ffi::SQLITE_IOERR_SHMLOCK)
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: an open file of SQLite's, which uses the memory no more.
    answer(unsafe { handle(file) }.map(Handle::leave_memory), ffi::SQLITE_IOERR_SHMMAP)
}

unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, path: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite passes a path that ends in a zero byte.
    let Some((machine, name)) = unsafe { text(path) }.and_then(find) else {
        return ffi::SQLITE_IOERR_DELETE;
    };
    let mut disk = lock(&machine);
    let life = disk.life();
    match disk.remove(life, name) {
        Ok(false) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Ok(true) if sync_folder & 1 != 0 => answer(disk.sync_folder(life), ffi::SQLITE_IOERR_DIR_FSYNC),
        Ok(true) => ffi::SQLITE_OK,
        Err(trouble) => code(trouble, ffi::SQLITE_IOERR_DELETE),
    }
}

unsafe extern "C" fn access(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    flags: c_int,
    verdict: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes a path that ends in a zero byte.
    let Some((machine, name)) = unsafe { text(path) }.and_then(find) else {
        return ffi::SQLITE_IOERR_ACCESS;
    };
    let mut disk = lock(&machine);
    let life = disk.life();
    let found = disk.find(life, name).map(|found| {
        // An empty file counts as none, as with SQLite's own.
        let there = found
            .is_some_and(|file| flags != ffi::SQLITE_ACCESS_EXISTS || !disk.files.bytes(file).is_empty());
        there && (flags != ffi::SQLITE_ACCESS_READWRITE || !disk.ailments.read_only)
    });
    let outcome = found.map(|is_there| {
        // SAFETY: SQLite passes a place for the answer.
        unsafe { *verdict = c_int::from(is_there) };
    });
    answer(outcome, ffi::SQLITE_IOERR_ACCESS)
}

unsafe extern "C" fn full_path(
    _vfs: *mut ffi::sqlite3_vfs,
    path: *const c_char,
    count: c_int,
    place: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a path that ends in a zero byte.
    let bytes = unsafe { CStr::from_ptr(path) }.to_bytes_with_nul();
    if length(count).is_ok_and(|count| bytes.len() <= count) {
        // SAFETY: SQLite passes `count` bytes to fill, which are enough and lie elsewhere.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr().cast(), place, bytes.len()) };
        ffi::SQLITE_OK
    } else {
        ffi::SQLITE_CANTOPEN
    }
}

/// SQLite seeds its generator from the default file system, never from this one.
unsafe extern "C" fn randomness(_vfs: *mut ffi::sqlite3_vfs, count: c_int, place: *mut c_char) -> c_int {
    // SAFETY: SQLite passes `count` bytes to fill.
    unsafe { ptr::write_bytes(place, 0, length(count).unwrap_or(0)) };
    count
}

/// No time passes on a simulated machine.
unsafe extern "C" fn sleep(_vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    microseconds
}

unsafe extern "C" fn current_time(_vfs: *mut ffi::sqlite3_vfs, place: *mut f64) -> c_int {
    // SAFETY: SQLite passes a place for the number.
    unsafe { *place = JULIAN_MS as f64 / 86_400_000.0 };
    ffi::SQLITE_OK
}

unsafe extern "C" fn current_time_ms(_vfs: *mut ffi::sqlite3_vfs, place: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: SQLite passes a place for the number.
    unsafe { *place = JULIAN_MS };
    ffi::SQLITE_OK
}
