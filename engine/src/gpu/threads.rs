//! Where llvmpipe's threads run. It starts its workers anew for every dispatch, and Linux puts a thread that is woken on the core where
//! it ran last, or on one that is idle: on two cores, one of which is just waking them, two workers that once met on one core go on
//! sharing it, and the other core stands idle (perf sched saw it for half of the time). So each has a core of its own.

use std::ffi::{CStr, CString};
use std::fs;

use rustix::thread::{self, CpuSet, Pid};

/// The name of threads that a driver made: they have that of the one that made them, unless they choose another.
const DRIVERS: &CStr = c"gpu driver";

/// This thread has the name that a driver's threads are to have, until it is dropped.
pub(super) struct Naming(Option<CString>);

impl Naming {
    pub(super) fn begin() -> Self {
        let own = thread::name().ok();
        if own.is_some() {
            thread::set_name(DRIVERS).ok();
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
        (name.trim_end().as_bytes() == DRIVERS.to_bytes()).then_some(id)
    };
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten();
    let mut made: Vec<i32> = tasks.flatten().filter_map(named).collect();
    made.sort_unstable();
    made
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn threads_of_drivers_are_dealt_round_and_no_others() {
        let (own_name, all) = (thread::name(), thread::sched_getaffinity(None));
        let all = all.expect("Linux tells the cores");
        let naming = Naming::begin();
        let start = || {
            let (end, ended) = mpsc::channel::<()>();
            let (tell, id) = mpsc::channel();
            std::thread::Builder::new()
                .spawn(move || {
                    tell.send(thread::gettid()).ok();
                    ended.recv().ok();
                })
                .expect("a thread starts");
            (id.recv().expect("it tells"), end)
        };
        let drivers: Vec<_> = (0..5).map(|_| start()).collect();
        drop(naming);
        assert_eq!(thread::name(), own_name);
        let other = start();
        spread();
        let cores = |id: Pid| {
            let set = thread::sched_getaffinity(Some(id)).expect("it runs");
            let has = |core: &usize| set.is_set(*core);
            (0..CpuSet::MAX_CPU).filter(has).collect::<Vec<_>>()
        };
        let allowed: Vec<_> = (0..CpuSet::MAX_CPU)
            .filter(|core| all.is_set(*core))
            .collect();
        for (i, (id, _)) in drivers.iter().enumerate() {
            assert_eq!(cores(*id), [allowed[i % allowed.len()]]);
        }
        assert_eq!(cores(other.0), allowed);
        assert_eq!(cores(thread::gettid()), allowed);
    }
}
