//! `isocenter serve`: the supervisor, its children and its keepers.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use audit::What;
use configuration::{Acceptor, AssociationsCounted, Configuration, Effective, Isolation};
use holdings::{Finding, LastEnd, Running};
use supervisor::{
    Connection, Control, Event, Group, Keeper, KeeperStops, Limit, OWN_PROGRAM, PermitGroup, Plan, Restart,
    SupervisorError,
};

use crate::access;
use crate::audit_trail;
use crate::cli::Configured;
use crate::commands::say::say;
use crate::commands::{Failure, association, configured};
use crate::confinement;
use crate::overseer::{EXPORTS, PASSCODES};
use crate::wiring::{self, OpensHoldings, QUERY_RETRIEVE_SCP, STORAGE_SCP, Wiring};
use crate::{logging, secure};

/// Locked by the server that uses a data directory.
const SERVER_LOCK: &str = "server.lock";

/// Serves until it has drained.
pub(crate) fn run(arguments: &Configured) -> Result<(), Failure> {
    let mut effective = configured(&arguments.sources())?;
    let configuration = &effective.configuration;
    logging::init(configuration.log);
    for notice in effective.notices() {
        tracing::warn!("{notice}");
    }
    secure::read(&mut effective.configuration)?;
    let configuration = &effective.configuration;
    confinement::prepare(configuration)?;
    // Wired once here, so that what is wrong is said now and not by each child.
    access::check_files(configuration)?;
    Wiring::new(configuration)?;
    let holdings = OpensHoldings::new(configuration);
    let _alone = alone(&configuration.data)?;
    let mut running = start(&holdings)?;
    introduce(configuration)?;

    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        preset = %configuration.preset,
        data = %configuration.data.display(),
        storage_scp = %configuration.storage_scp.acceptor.listen,
        query_retrieve_scp = %configuration.query_retrieve_scp.acceptor.listen,
        "starting"
    );
    let plan = plan(configuration)?;
    audit_trail::tell(configuration, What::Started)?;
    let isolation = configuration.isolation;
    let reload = || reload(arguments, &mut effective);
    let events = |event: Event<'_>| {
        if matches!(event, Event::ChildFailed { .. }) {
            running.somebody_was_killed();
        }
        tell(event);
    };
    let ran = match isolation {
        Isolation::Process => supervisor::run(plan, reload, events),
        Isolation::Thread => supervisor::run_threads(plan, Arc::new(serve_thread), reload, events),
    };
    // Who could not even listen has had no children: the next start need not ask what they left behind.
    if ran.is_err() && !matches!(ran, Err(SupervisorError::Listen { .. })) {
        return Ok(ran?);
    }
    running.stop(&mut holdings.open()?, SystemTime::now())?;
    ran?;
    audit_trail::tell(&effective.configuration, What::Stopped)?;
    tracing::info!("stopped");
    Ok(())
}

/// One server for one data directory; commands may work beside it. Held until the process ends.
fn alone(data: &Path) -> Result<File, Failure> {
    let unusable = |error| {
        let data = data.display();
        Failure(format!(
            "cannot use {data} for the data: {error}; it must be a directory that may be written to"
        ))
    };
    fs::create_dir_all(data).map_err(unusable)?;
    let path = data.join(SERVER_LOCK);
    let lock = OpenOptions::new().create(true).append(true).open(&path);
    let lock = lock.map_err(unusable)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Failure(format!(
            "another server uses the data in {}: stop it first, or give this one its own with --data",
            data.display()
        ))),
        Err(TryLockError::Error(error)) => Err(Failure(format!("cannot lock {}: {error}", path.display()))),
    }
}

/// Brings vault and catalog in step, and holds the right to keep instances from then on.
fn start(holdings: &OpensHoldings) -> Result<Running, Failure> {
    let mut opened = holdings.open()?;
    let started = opened.start(&mut |finding: &Finding| tracing::warn!("{finding}"))?;
    if started.stale_drafts > 0 {
        tracing::info!(drafts = started.stale_drafts, "removed what had not been received to its end");
    }
    if let Some(reconciled) = &started.reconciled
        && !matches!(started.last_end, LastEnd::None)
    {
        tracing::warn!(
            last_end = ?started.last_end,
            days = reconciled.days,
            instances = reconciled.instances,
            recorded = reconciled.recorded,
            damaged = reconciled.damaged,
            lost = reconciled.lost,
            "the last run did not end well: compared vault and catalog"
        );
    }
    Ok(started.running)
}

/// The first lines: where it listens, where the data are, and how a modality is pointed at it.
fn introduce(configuration: &Configuration) -> Result<(), Failure> {
    let (storage, query) = (&configuration.storage_scp.acceptor, &configuration.query_retrieve_scp.acceptor);
    say(format_args!("isocenter {} (preset {})\n", env!("CARGO_PKG_VERSION"), configuration.preset))?;
    let row = |name, acceptor: &Acceptor| {
        let Acceptor { ae_title, listen, associations, associations_counted, .. } = acceptor;
        let counted = match associations_counted {
            AssociationsCounted::Total => "in total",
            AssociationsCounted::PerCallingAe => "for each calling AE",
        };
        let title = ae_title.as_str();
        say(format_args!("  {name:<19} {title:<16} {listen}, {associations} associations {counted}\n"))
    };
    row(STORAGE_SCP, storage)?;
    row(QUERY_RETRIEVE_SCP, query)?;
    for (listen, name) in secure::addresses(configuration) {
        say(format_args!("  {:<19} {name}, {listen}\n", "TLS"))?;
    }
    say(format_args!("  {:<19} {}\n", EXPORTS, configuration.storage_scu.ae_title.as_str()))?;
    let data = std::path::absolute(&configuration.data)?;
    say(format_args!("  {:<19} {}\n", "data", data.display()))?;
    say(format_args!(
        "  A modality sends to AE title {}, host {}, port {}; a workstation asks AE title {}, port {}.\n",
        storage.ae_title.as_str(),
        reachable(storage.listen),
        storage.listen.port(),
        query.ae_title.as_str(),
        query.listen.port()
    ))?;
    if configuration.tables.peers.is_empty() {
        say(format_args!(
            "  No [[peer]] is configured, so nothing can be moved to a workstation (C-MOVE) yet.\n"
        ))?;
    }
    Ok(())
}

fn reachable(listen: SocketAddr) -> String {
    match listen.ip() {
        ip if ip.is_unspecified() => "this machine's name".to_owned(),
        ip if ip.is_loopback() => format!("{ip} (this machine only: for others set storage-scp.listen)"),
        ip => ip.to_string(),
    }
}

/// What the supervisor is to do.
fn plan(configuration: &Configuration) -> Result<Plan, Failure> {
    let supervisor = &configuration.supervisor;
    let own_name = OsString::from("isocenter");
    let mut plan = Plan::new(vec![own_name.clone(), "nursery".into()]);
    plan.listeners = wiring::listeners(configuration);
    let ceiling = supervisor.associations_ceiling;
    plan.groups = [
        (STORAGE_SCP, &configuration.storage_scp.acceptor),
        (QUERY_RETRIEVE_SCP, &configuration.query_retrieve_scp.acceptor),
    ]
    .map(|(name, acceptor)| Group { name: name.to_owned(), limit: limit(acceptor, ceiling) })
    .to_vec();
    // Half of the machine is left to others, whoever floods it with passcodes.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let passcodes = u32::try_from(cores / 2)?.max(1);
    plan.permits = [(EXPORTS, configuration.storage_scu.associations), (PASSCODES, passcodes)]
        .map(|(name, at_a_time)| PermitGroup { name: name.to_owned(), at_a_time })
        .to_vec();
    plan.pending_max = usize::try_from(supervisor.pending_connections)?;
    plan.admission_grace = supervisor.admission_grace;
    plan.drain_grace = supervisor.drain_grace;
    let keeper = |name: &str, stops| Keeper {
        name: name.to_owned(),
        program: OWN_PROGRAM.into(),
        arguments: vec![own_name.clone(), name.into()],
        restart: Restart::Always,
        stops,
    };
    plan.keepers = vec![
        keeper("housekeeper", KeeperStops::AfterAssociations),
        keeper("notifier", KeeperStops::WithDrain),
    ];
    if confinement::is_wanted(configuration) {
        plan.keepers.push(keeper("connector", KeeperStops::AfterAssociations));
    }
    plan.settings = configuration.to_sealed()?;
    Ok(plan)
}

fn limit(acceptor: &Acceptor, ceiling: u32) -> Limit {
    match acceptor.associations_counted {
        AssociationsCounted::Total => Limit::Total(acceptor.associations),
        AssociationsCounted::PerCallingAe => Limit::PerCallingAe { each: acceptor.associations, ceiling },
    }
}

/// On SIGHUP: the plan that holds from then on; none keeps the present one.
fn reload(arguments: &Configured, effective: &mut Effective) -> Option<Plan> {
    let newer = match configured(&arguments.sources()) {
        Ok(newer) => newer,
        Err(Failure(words)) => {
            tracing::error!("kept the settings as they were: {words}");
            return None;
        }
    };
    let (mut merged, changes) = match effective.reload(newer) {
        Ok(reloaded) => reloaded,
        Err(error) => {
            tracing::error!("kept the settings as they were: {error}");
            return None;
        }
    };
    // Wired once here: what children could not be wired by would leave nobody to serve.
    let wired = secure::read(&mut merged.configuration).and_then(|()| Wiring::new(&merged.configuration));
    if let Err(Failure(words)) = wired {
        tracing::error!("kept the settings and the certificates as they were: {words}");
        return None;
    }
    if merged.configuration.tls.texts != effective.configuration.tls.texts {
        tracing::info!("the files of [tls] have changed: new associations have the new ones");
    }
    for change in &changes {
        match change.needs_restart {
            true => tracing::warn!("{change}"),
            false => tracing::info!("{change}"),
        }
    }
    match access::check_files(&merged.configuration).and_then(|()| plan(&merged.configuration)) {
        Ok(plan) => {
            *effective = merged;
            Some(plan)
        }
        Err(Failure(words)) => {
            tracing::error!("kept the settings as they were: {words}");
            None
        }
    }
}

/// With `isolation = "thread"`: one association on a thread of this process.
fn serve_thread(connection: Connection, control: &mut Control) {
    if let Err(Failure(words)) = association::serve(connection, control) {
        tracing::error!("an association could not be served: {words}");
    }
}

/// What the supervisor has to say, for the log; and `ready`, for whoever started this.
fn tell(event: Event<'_>) {
    match event {
        Event::Ready { .. } => {
            if let Err(Failure(words)) = say(format_args!("ready\n")) {
                tracing::warn!("{words}");
            }
        }
        Event::ChildFailed { pid, peer, calling, called, activity, ending } => {
            let cause = ending.cause();
            tracing::error!(pid, %peer, calling, called, activity, cause, "an association's process ended: {ending}");
        }
        Event::PendingClosed { peer, open_for } => {
            tracing::warn!(%peer, ?open_for, "closed a connection without a request, to make room");
        }
        Event::SpawnFailed { error, retry_in } => {
            tracing::error!(?retry_in, "cannot start a process: {error}");
        }
        Event::AcceptFailed { error, retry_in } => {
            tracing::error!(?retry_in, "cannot accept connections: {error}");
        }
        Event::KeeperStarted { name, pid } => tracing::debug!(pid, "started the {name}"),
        Event::KeeperEnded { name, ending, restart_in } => match restart_in {
            // It makes way for one that works by the new settings.
            Some(_) if ending.is_clean() => tracing::debug!("the {name} ended and is started again"),
            Some(restart_in) => tracing::error!(?restart_in, "the {name} ended: {ending}"),
            None => tracing::debug!("the {name} ended: {ending}"),
        },
        Event::Reloaded { listeners } => tracing::info!(?listeners, "new settings hold"),
        Event::ListenFailed { address, error } => {
            tracing::error!(listen = %address, "cannot listen where the new settings say: {error}");
        }
        Event::Draining { running, grace } => {
            tracing::info!(running, ?grace, "draining: what runs is finished, what comes is refused");
        }
        Event::EndingChildren { serving: 0 } => {}
        Event::EndingChildren { serving } => tracing::warn!(serving, "ending what still runs"),
        // The process of the association logs a refusal itself, with what it knows of the peer.
        _ => {}
    }
}
