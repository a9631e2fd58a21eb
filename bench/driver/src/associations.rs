//! Associations: an echo on each, many that idle, and the first after a start.

use crate::command::*;
use crate::data::*;
use crate::dimse::*;
use crate::mon;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

pub fn cmd_echo(a: &Args) {
    let (clients, n) = (a.n("clients", 1), a.n("count", 1000));
    let same = a.n("same-assoc", 0) == 1;
    let peer = a.peer();
    let errs = Errs::new();
    let bar = Arc::new(Barrier::new(clients as usize + 1));
    let next = Arc::new(AtomicU64::new(0));
    let mut hs = vec![];
    for _ in 0..clients {
        let (peer, errs, bar, next) = (peer.clone(), errs.clone(), bar.clone(), next.clone());
        hs.push(std::thread::spawn(move || {
            let mut lat = vec![];
            bar.wait();
            let mut held: Option<Assoc> = None;
            while next.fetch_add(1, Relaxed) < n {
                let t = Instant::now();
                let r = (|| -> std::io::Result<()> {
                    if same {
                        if held.is_none() {
                            held = Some(Assoc::connect(&peer, &[(VERIFICATION, &[IMPLICIT_LE])], &[])?);
                        }
                        held.as_mut().unwrap().echo()?;
                        return Ok(());
                    }
                    let mut x = Assoc::connect(&peer, &[(VERIFICATION, &[IMPLICIT_LE])], &[])?;
                    let s = x.echo()?;
                    if s != 0 {
                        return Err(std::io::Error::new(
                            std::io::ErrorKind::Other,
                            format!("status {s:04X}"),
                        ));
                    }
                    x.release()
                })();
                match r {
                    Ok(()) => lat.push(ms(t)),
                    Err(e) => errs.add(e.to_string()),
                }
            }
            if let Some(x) = held {
                let _ = x.release();
            }
            lat
        }));
    }
    let m = a.mon();
    let t = Instant::now();
    bar.wait();
    let mut lat = vec![];
    for h in hs {
        lat.extend(h.join().unwrap());
    }
    let wall = t.elapsed().as_secs_f64();
    let s = m.end();
    let mut o = Out::new("echo", a);
    o.n("clients", clients as i64);
    o.n("ok", lat.len() as i64);
    o.f("wall_s", wall);
    o.f("echo_per_s", lat.len() as f64 / wall);
    let k = lat.len() as u64;
    o.lat(&mut lat);
    o.spent(&s, k);
    o.st("errors", &errs.text());
    o.print();
}

pub fn cmd_idle(a: &Args) {
    let n = a.n("count", 100);
    let mut peer = a.peer();
    peer.timeout = Duration::from_secs(a.n("timeout", 6));
    let pid: Option<i32> = a.o("pid").map(|x| x.parse().unwrap());
    let before = pid.map(mon::now).unwrap_or_default();
    let errs = Errs::new();
    let ctxs: [(&str, &[&str]); 4] = [
        (VERIFICATION, &[IMPLICIT_LE]),
        (SOP_CT, &[EXPLICIT_LE, IMPLICIT_LE]),
        (SOP_MR, &[EXPLICIT_LE, IMPLICIT_LE]),
        (STUDY_FIND, &[EXPLICIT_LE, IMPLICIT_LE]),
    ];
    let mut held = vec![];
    let t = Instant::now();
    for _ in 0..n {
        match Assoc::connect(&peer, &ctxs, &[]) {
            Ok(x) => held.push(x),
            Err(e) => {
                errs.add(format!("connect: {e}"));
                if errs.0.lock().unwrap().values().sum::<u64>() >= 3 {
                    break;
                }
            }
        }
    }
    let open_ms = ms(t);
    std::thread::sleep(Duration::from_millis(1500));
    let after = pid.map(mon::now).unwrap_or_default();
    // does a newcomer get served while the others idle?
    let t = Instant::now();
    let fresh = Assoc::connect(&peer, &ctxs[..1], &[]).and_then(|mut x| {
        x.echo()?;
        x.release()
    });
    let fresh_ms = ms(t);
    let t = Instant::now();
    let last = match held.last_mut() {
        Some(x) => x.echo().map(|_| ()),
        None => Ok(()),
    };
    let last_ms = ms(t);
    let accepted = held.len();
    for x in held {
        x.abort();
    }
    let mut o = Out::new("idle", a);
    o.n("asked", n as i64);
    o.n("accepted", accepted as i64);
    o.f("open_ms", open_ms);
    o.f("rss_before_mb", before.rss as f64 / 1048576.0);
    o.f("rss_after_mb", after.rss as f64 / 1048576.0);
    o.f("pss_before_mb", before.pss as f64 / 1048576.0);
    o.f("pss_after_mb", after.pss as f64 / 1048576.0);
    o.f("pss_kb_per_assoc", (after.pss as f64 - before.pss as f64) / 1024.0 / accepted.max(1) as f64);
    let private = |n: &mon::Now| n.private.values().sum::<u64>() as f64 / 1024.0;
    o.f("private_kb_per_assoc", (private(&after) - private(&before)) / accepted.max(1) as f64);
    // of the processes that came with the associations, the one that has most; 0: they have no process of their own
    let most =
        after.private.iter().filter(|p| !before.private.contains_key(p.0)).map(|p| *p.1).max().unwrap_or(0);
    o.f("private_kb_max", most as f64 / 1024.0);
    o.n("processes", after.private.len() as i64);
    o.n("threads", after.threads as i64);
    o.f("fresh_echo_ms", fresh_ms);
    o.st("fresh_echo", &fresh.map(|_| "ok".to_string()).unwrap_or_else(|e| e.to_string()));
    o.f("last_idle_echo_ms", last_ms);
    o.st("last_idle_echo", &last.map(|_| "ok".to_string()).unwrap_or_else(|e| e.to_string()));
    o.st("errors", &errs.text());
    o.print();
}

pub fn cmd_ready(a: &Args) {
    let t0: u128 = a.s("t0-ns", "0").parse().unwrap();
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let peer = Peer { timeout: Duration::from_secs(5), ..a.peer() };
    let lim = Duration::from_secs(a.n("limit-s", 120));
    let t = Instant::now();
    loop {
        let r = Assoc::connect(&peer, &[(VERIFICATION, &[IMPLICIT_LE])], &[]).and_then(|mut x| {
            x.echo()?;
            x.release()
        });
        if r.is_ok() {
            let mut o = Out::new("ready", a);
            o.f("start_ms", (now() - t0) as f64 / 1e6);
            if let Some(p) = a.o("pid") {
                std::thread::sleep(Duration::from_millis(a.n("settle-ms", 2000)));
                let m = mon::now(p.parse().unwrap());
                o.f("rss_idle_mb", m.rss as f64 / 1048576.0);
                o.f("pss_idle_mb", m.pss as f64 / 1048576.0);
                o.n("processes", m.private.len() as i64);
                o.n("threads", m.threads as i64);
            }
            o.print();
            return;
        }
        if t.elapsed() > lim {
            eprintln!("not ready: {:?}", r.err());
            std::process::exit(1);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}
