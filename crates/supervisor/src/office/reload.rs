//! New settings while it runs.

use std::time::Instant;

use super::Office;
use super::shutdown::Phase;
use crate::keeper::Kept;
use crate::listen::listen;
use crate::{Event, Plan, SupervisorError, channel};

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    /// Asks for a new plan and follows it. Associations that run go on as they began; the nursery is
    /// replaced by one that has the new settings, and whoever comes meanwhile waits for it.
    pub(super) fn reload(&mut self, now: Instant) -> Result<(), SupervisorError> {
        if self.phase != Phase::Running {
            return Ok(());
        }
        let Some(plan) = (self.reload)() else { return Ok(()) };
        self.settings = channel::seal(&plan.settings)
            .map_err(|source| SupervisorError::System { what: "memfd_create", source })?;
        self.settings_of_threads = plan.settings.as_slice().into();
        self.places.set(&plan.groups, plan.admission_grace);
        self.permits.set(&plan.permits);
        self.listen_as(&plan);
        self.keep_as(&plan, now);
        self.plan = plan;
        if self.serve.is_none() {
            for nursery in &mut self.nurseries {
                nursery.kept.stop(now);
            }
            self.add_nursery(now);
        }
        let addresses = self.addresses();
        (self.events)(Event::Reloaded { listeners: &addresses });
        Ok(())
    }

    /// Sockets whose address stays are kept, with who waits in their queue.
    fn listen_as(&mut self, plan: &Plan) {
        self.watch_listeners(false);
        let mut before = std::mem::take(&mut self.listeners);
        let mut kept: Vec<_> = plan
            .listeners
            .iter()
            .map(|&address| {
                let at = before.iter().position(|listener| {
                    listener.as_ref().is_some_and(|listener| listener.planned == address)
                })?;
                before.swap_remove(at)
            })
            .collect();
        // Closed before new ones are opened: one may take the address of another.
        drop(before);
        for (listener, &address) in kept.iter_mut().zip(&plan.listeners) {
            if listener.is_none() {
                match listen(address, &plan.listeners) {
                    Ok(new) => *listener = Some(new),
                    Err(errno) => {
                        let error = errno.into();
                        (self.events)(Event::ListenFailed { address, error: &error });
                    }
                }
            }
        }
        self.listeners = kept;
        self.watch_listeners(true);
    }

    fn keep_as(&mut self, plan: &Plan, now: Instant) {
        for kept in &mut self.keepers {
            match plan.keepers.iter().find(|keeper| keeper.name == kept.name()) {
                Some(keeper) => kept.replace(keeper.clone(), now),
                None => kept.stop(now),
            }
        }
        for keeper in &plan.keepers {
            if !self.keepers.iter().any(|kept| kept.name() == keeper.name) {
                self.keepers.push(Kept::new(keeper.clone(), now));
            }
        }
    }
}
