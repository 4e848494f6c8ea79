//! Where llvmpipe's threads run. It starts its workers anew for every dispatch, and Linux puts a thread that is woken on the core where
//! it ran last, or on one that is idle: on two cores, one of which is just waking them, two workers that once met on one core go on
//! sharing it, and the other core stands idle (perf sched saw it for half of the time). So each has a core of its own.

use std::ffi::CString;
use std::fs;

use rustix::thread::{self, CpuSet, Pid};

/// The name of threads that a driver made: they have that of the one that made them, unless they choose another.
const DRIVERS: &str = "gpu driver";

/// This thread has the name that a driver's threads are to have, until it is dropped.
pub(super) struct Naming(Option<CString>);

impl Naming {
    pub(super) fn begin() -> Self {
        let own = thread::name().ok();
        if own.is_some()
            && let Ok(name) = CString::new(DRIVERS)
        {
            thread::set_name(&name).ok();
        }
        Self(own)
    }
}

impl Drop for Naming {
    fn drop(&mut self) {
        if let Some(name) = &self.0 {
            // A name that stays another one does no harm.
            thread::set_name(name).ok();
        }
    }
}

/// Deals the threads that drivers made round to the cores that this process may use. Where that fails they run as before.
pub(super) fn spread() {
    let Ok(allowed) = thread::sched_getaffinity(None) else {
        return;
    };
    let cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    let own = thread::gettid().as_raw_nonzero().get();
    for (id, core) in made()
        .into_iter()
        .filter(|id| *id != own)
        .zip(cores.cycle())
    {
        let mut one = CpuSet::new();
        one.set(core);
        thread::sched_setaffinity(Pid::from_raw(id), &one).ok();
    }
}

/// Threads of this process that drivers made, in the order in which they began.
fn made() -> Vec<i32> {
    let named = |entry: fs::DirEntry| {
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        let id = entry.file_name().to_str()?.parse().ok()?;
        (name.trim_end() == DRIVERS).then_some(id)
    };
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    let mut made: Vec<i32> = tasks.flatten().filter_map(named).collect();
    made.sort_unstable();
    made
}
