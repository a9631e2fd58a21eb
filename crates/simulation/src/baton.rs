//! The order in which things happen. Services are straight-line code that blocks, so each association has a thread of its
//! own; but only the one that has the baton runs, and it is passed on, at every call of the network or the disk, to
//! whomever the seed says. Time passes as the baton does.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    thread::{self, Thread},
    time::{Duration, Instant, SystemTime},
};

use vault::Digester;

use crate::random::Random;

/// One who runs while he has the baton.
pub(crate) type TaskId = usize;

/// What tasks wait for: a direction of a connection, a lock. Whoever changes it wakes those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Awaits {
    /// Bytes, or room for bytes.
    Pipe(u64),
    /// A lock of the disk.
    Lock,
    /// Nothing but that time passes.
    Time,
}

/// Something that is to happen when so many steps were made.
pub(crate) struct Event {
    pub(crate) at: u64,
    pub(crate) happen: Happen,
}

/// What happens, with whoever made the step and the baton at hand.
pub(crate) type Happen = Box<dyn FnOnce(&Baton) + Send>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaskState {
    Ready,
    Waiting { awaits: Awaits, until: Option<Duration> },
    Over,
}

struct Task {
    name: &'static str,
    state: TaskState,
    /// Whether it belongs to the server, and dies with it.
    is_ours: bool,
    doomed: bool,
    thread: Option<Thread>,
}

struct State {
    random: Random,
    is_told: bool,
    trace: Digester,
    steps: u64,
    steps_max: u64,
    elapsed: Duration,
    epoch: SystemTime,
    tasks: Vec<Task>,
    running: Option<TaskId>,
    events: Vec<Event>,
    stopping: bool,
    violations: Vec<String>,
    counts: BTreeMap<&'static str, u64>,
}

/// Who has the baton, what time it is, and what was seen. Clones are the same.
#[derive(Clone)]
pub(crate) struct Baton(Arc<Mutex<State>>);

thread_local! {
    static HERE: RefCell<Option<(Baton, TaskId)>> = const { RefCell::new(None) };
}

/// What a task unwinds with whose process dies. Nobody reports it, and nothing but memory is tidied up by it: disk and
/// network do nothing any more for one who is unwinding.
struct Killed;

/// Where all simulated time begins: no clock can be made without one that is real.
fn beginning() -> Instant {
    static BEGINNING: OnceLock<Instant> = OnceLock::new();
    *BEGINNING.get_or_init(Instant::now)
}

/// The time of day, for whoever has the baton.
pub(crate) fn clock() -> SystemTime {
    here().map_or(SystemTime::UNIX_EPOCH, |(baton, _)| baton.time())
}

/// The baton, and who asks; `None` on a thread that is no task.
pub(crate) fn here() -> Option<(Baton, TaskId)> {
    HERE.with_borrow(Clone::clone)
}

/// Whether the process of whoever asks has just died.
pub(crate) fn is_dead() -> bool {
    thread::panicking()
}

/// What a task is made of.
pub(crate) struct Work<'w> {
    pub(crate) name: &'static str,
    pub(crate) is_ours: bool,
    pub(crate) run: Box<dyn FnOnce() + Send + 'w>,
}

impl Baton {
    /// `is_told`: every step is printed.
    pub(crate) fn new(random: Random, epoch: SystemTime, is_told: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            random,
            is_told,
            trace: Digester::default(),
            steps: 0,
            steps_max: 0,
            elapsed: Duration::ZERO,
            epoch,
            tasks: Vec::new(),
            running: None,
            events: Vec::new(),
            stopping: false,
            violations: Vec::new(),
            counts: BTreeMap::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs all of this to its end, which must come before so many steps are made.
    pub(crate) fn run(&self, works: Vec<Work<'_>>, events: Vec<Event>, steps_max: u64) {
        {
            let mut state = self.state();
            state.stopping = false;
            state.steps_max = state.steps + steps_max;
            let begun = state.steps;
            state.events = events.into_iter().map(|event| Event { at: begun + event.at, ..event }).collect();
            state.tasks = works
                .iter()
                .map(|work| Task {
                    name: work.name,
                    state: TaskState::Ready,
                    is_ours: work.is_ours,
                    doomed: false,
                    thread: None,
                })
                .collect();
        }
        thread::scope(|scope| {
            for (id, work) in works.into_iter().enumerate() {
                let handle = scope.spawn(move || self.clone().lead(id, work));
                if let Some(task) = self.state().tasks.get_mut(id) {
                    task.thread = Some(handle.thread().clone());
                }
            }
            let mut state = self.state();
            state.pass_on();
        });
        self.state().events.clear();
    }

    /// The life of a task.
    fn lead(self, id: TaskId, work: Work<'_>) {
        HERE.set(Some((self.clone(), id)));
        self.await_baton(id);
        let end = catch_unwind(AssertUnwindSafe(|| {
            self.die_if_doomed(id);
            (work.run)();
        }));
        HERE.set(None);
        let mut state = self.state();
        if let Err(cause) = end
            && !cause.is::<Killed>()
        {
            let words = cause.downcast_ref::<String>().map(String::as_str);
            let words = words.or(cause.downcast_ref::<&str>().copied()).unwrap_or("without words");
            let violation = format!("{} panicked: {words}", work.name);
            state.violations.push(violation);
        }
        if let Some(task) = state.tasks.get_mut(id) {
            task.state = TaskState::Over;
        }
        state.running = None;
        state.pass_on();
    }

    fn await_baton(&self, id: TaskId) {
        while self.state().running != Some(id) {
            thread::park();
        }
    }

    fn die_if_doomed(&self, id: TaskId) {
        if self.state().tasks.get(id).is_some_and(|task| task.doomed) {
            resume_unwind(Box::new(Killed));
        }
    }

    /// A step of whoever has the baton; `what` goes into the trace, `words` to who reads along. Others may come in between, or the end.
    pub(crate) fn step(&self, id: TaskId, what: u64, words: fmt::Arguments<'_>) {
        let due = {
            let mut state = self.state();
            state.steps += 1;
            if state.is_told {
                state.tell(id, words);
            }
            let pause = state.random.below(100);
            state.elapsed += Duration::from_micros(pause);
            let noted = [state.steps, id as u64, what].map(u64::to_le_bytes);
            state.trace.update(noted.as_flattened());
            if state.steps > state.steps_max && state.steps_max > 0 {
                state.give_up("went on and on");
            }
            let steps = state.steps;
            state.events.extract_if(.., |event| event.at <= steps).collect::<Vec<_>>()
        };
        for event in due {
            (event.happen)(self);
        }
        self.die_if_doomed(id);
        let passed_on = {
            let mut state = self.state();
            let passes = state.random.chance(30);
            if passes { state.pass_on() } else { Some(id) }
        };
        if passed_on != Some(id) {
            self.await_baton(id);
        }
        self.die_if_doomed(id);
    }

    /// Waits until it is woken or the time has come.
    pub(crate) fn wait(&self, id: TaskId, awaits: Awaits, until: Option<Duration>) {
        {
            let mut state = self.state();
            if let Some(task) = state.tasks.get_mut(id) {
                task.state = TaskState::Waiting { awaits, until };
            }
            state.running = None;
            state.pass_on();
        }
        self.await_baton(id);
        self.die_if_doomed(id);
    }

    /// Wakes those who wait for this.
    pub(crate) fn wake(&self, what: Awaits) {
        for task in &mut self.state().tasks {
            if matches!(task.state, TaskState::Waiting { awaits, .. } if awaits == what) {
                task.state = TaskState::Ready;
            }
        }
    }

    /// Lets whoever has the baton do nothing for so long.
    pub(crate) fn sleep(&self, id: TaskId, duration: Duration) {
        let until = self.elapsed() + duration;
        while self.elapsed() < until {
            self.wait(id, Awaits::Time, Some(until));
        }
    }

    /// Kills the tasks of the server that `which` names by number, of those that are not over.
    pub(crate) fn kill(&self, which: &dyn Fn(usize) -> bool) -> usize {
        let mut state = self.state();
        let alive = state.tasks.iter_mut().filter(|task| task.is_ours && task.state != TaskState::Over);
        let mut killed = 0;
        for (_, task) in alive.enumerate().filter(|(number, _)| which(*number)) {
            task.doomed = true;
            task.state = TaskState::Ready;
            killed += 1;
        }
        killed
    }

    /// How many tasks of the server are not over.
    pub(crate) fn alive(&self) -> usize {
        let state = self.state();
        state.tasks.iter().filter(|task| task.is_ours && task.state != TaskState::Over).count()
    }

    /// Whether a task is not over, nor about to be.
    pub(crate) fn lives(&self, id: TaskId) -> bool {
        let state = self.state();
        state.tasks.get(id).is_some_and(|task| task.state != TaskState::Over && !task.doomed)
    }

    /// Tells the server to end its associations.
    pub(crate) fn stop(&self) {
        let mut state = self.state();
        state.stopping = true;
        for task in &mut state.tasks {
            if task.state != TaskState::Over {
                task.state = TaskState::Ready;
            }
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.state().stopping
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.state().elapsed
    }

    pub(crate) fn now(&self) -> Instant {
        beginning() + self.elapsed()
    }

    /// How far from the beginning a point in time is.
    pub(crate) fn since_beginning(at: Instant) -> Duration {
        at.saturating_duration_since(beginning())
    }

    pub(crate) fn time(&self) -> SystemTime {
        let state = self.state();
        state.epoch + state.elapsed
    }

    /// Sets the clock of the machine.
    pub(crate) fn set_clock(&self, time: SystemTime) {
        let mut state = self.state();
        state.epoch = time - state.elapsed;
    }

    pub(crate) fn steps(&self) -> u64 {
        self.state().steps
    }

    pub(crate) fn random<T>(&self, draw: impl FnOnce(&mut Random) -> T) -> T {
        draw(&mut self.state().random)
    }

    /// Says something to who reads along.
    pub(crate) fn tell(&self, words: fmt::Arguments<'_>) {
        let state = self.state();
        if state.is_told {
            state.tell(here().map_or(TaskId::MAX, |(_, id)| id), words);
        }
    }

    /// Notes that something happened, for the histogram.
    pub(crate) fn count(&self, what: &'static str) {
        self.tell(format_args!("{what}"));
        *self.state().counts.entry(what).or_default() += 1;
    }

    /// Notes that something is not as it must be.
    pub(crate) fn violate(&self, words: String) {
        self.tell(format_args!("NOT AS IT MUST BE: {words}"));
        self.state().violations.push(words);
    }

    pub(crate) fn has_violations(&self) -> bool {
        !self.state().violations.is_empty()
    }

    /// Puts bytes into the trace.
    pub(crate) fn trace(&self, bytes: &[u8]) {
        self.state().trace.update(bytes);
    }

    /// What was seen: violations, counts, steps, and the checksum of all that happened in its order.
    pub(crate) fn seen(&self) -> (Vec<String>, BTreeMap<&'static str, u64>, u64, String) {
        let state = self.state();
        (state.violations.clone(), state.counts.clone(), state.steps, state.trace.finish().to_string())
    }
}

impl State {
    fn tell(&self, id: TaskId, words: fmt::Arguments<'_>) {
        let name = self.tasks.get(id).map_or("", |task| task.name);
        println!("{:>7} {:>10.6} {id} {name}: {words}", self.steps, self.elapsed.as_secs_f64());
    }

    /// Gives the baton to one who can run; lets time pass if nobody can. Who has it now.
    fn pass_on(&mut self) -> Option<TaskId> {
        loop {
            let elapsed = self.elapsed;
            for task in &mut self.tasks {
                if matches!(task.state, TaskState::Waiting { until: Some(until), .. } if until <= elapsed) {
                    task.state = TaskState::Ready;
                }
            }
            let ready = || (0..).zip(&self.tasks).filter(|(_, task)| task.state == TaskState::Ready);
            let count = ready().count();
            if count > 0 {
                let at = self.random.index(count);
                let next = (0..).zip(&self.tasks).filter(|(_, task)| task.state == TaskState::Ready).nth(at);
                let next = next.map(|(id, task)| (id, task.thread.clone()));
                self.running = next.as_ref().map(|(id, _)| *id);
                if let Some((_, Some(thread))) = &next {
                    thread.unpark();
                }
                return self.running;
            }
            let next = self.tasks.iter().filter_map(|task| match task.state {
                TaskState::Waiting { until, .. } => until,
                TaskState::Ready | TaskState::Over => None,
            });
            match next.min() {
                Some(next) => self.elapsed = next,
                None if self.tasks.iter().all(|task| task.state == TaskState::Over) => {
                    self.running = None;
                    return None;
                }
                None => self.give_up("waits for ever"),
            }
        }
    }

    /// Something does not come to its end: ends all of it.
    fn give_up(&mut self, what: &str) {
        let over = |task: &&Task| task.state == TaskState::Over;
        let names: Vec<_> = self.tasks.iter().filter(|task| !over(task)).map(|task| task.name).collect();
        self.violations.push(format!("one of these {what}: {}", names.join(", ")));
        self.steps_max = 0;
        for task in &mut self.tasks {
            if task.state != TaskState::Over {
                task.doomed = true;
                task.state = TaskState::Ready;
            }
        }
    }
}
