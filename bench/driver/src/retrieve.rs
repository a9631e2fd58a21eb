//! C-MOVE to a sink of our own, and C-GET.

use crate::command::*;
use crate::data::*;
use crate::dimse::*;
use crate::query::{el, ident};
use crate::sink::*;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::Instant;

fn retrieve_ident(seed: u64, st: u64, ts: &str) -> Vec<u8> {
    ident(
        vec![
            el(8, 0x52, b"CS", "SERIES"),
            el(0x20, 0xD, b"UI", &study_uid(seed, st)),
            el(0x20, 0xE, b"UI", &series_uid(seed, st, 0)),
        ],
        ts == EXPLICIT_LE,
    )
}

pub fn cmd_retrieve(a: &Args, get: bool) {
    let (clients, reps, seed) = (a.n("clients", 1), a.n("reps", 3), a.seed());
    let peer = a.peer();
    let ts = a.ts();
    let stats = Arc::new(SinkStats {
        instances: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    });
    let sink_port = a.n("sink-port", 11190) as u16;
    let dest = a.s("dest", "BENCHSINK");
    if !get {
        let l = TcpListener::bind(("127.0.0.1", sink_port)).expect("sink port");
        let (st, mp) = (stats.clone(), a.n("max-pdu", 131_072) as u32);
        std::thread::spawn(move || sink(l, st, None, mp));
    }
    let errs = Errs::new();
    let bar = Arc::new(Barrier::new(clients as usize + 1));
    let mut hs = vec![];
    for c in 0..clients {
        let (peer, errs, bar, dest, stats) =
            (peer.clone(), errs.clone(), bar.clone(), dest.clone(), stats.clone());
        hs.push(std::thread::spawn(move || {
            let mut lat = vec![];
            bar.wait();
            let r = if get {
                Assoc::connect(&peer, &[(STUDY_GET, &[ts]), (SOP_CT, &[EXPLICIT_LE])], &[SOP_CT])
            } else {
                Assoc::connect(&peer, &[(STUDY_MOVE, &[ts])], &[])
            };
            let mut x = match r {
                Ok(x) => x,
                Err(e) => {
                    errs.add(format!("connect: {e}"));
                    return lat;
                }
            };
            for _ in 0..reps {
                let id = retrieve_ident(seed, c, ts);
                let t = Instant::now();
                let r = if get {
                    x.get(&id).map(|(c, n, b)| {
                        stats.instances.fetch_add(n, Relaxed);
                        stats.bytes.fetch_add(b, Relaxed);
                        c
                    })
                } else {
                    x.mv(&dest, &id)
                };
                match r {
                    Ok(c) if c.status == 0 => lat.push(ms(t)),
                    Ok(c) => errs.add(format!(
                        "status {:04X} completed {} failed {}",
                        c.status, c.completed, c.failed
                    )),
                    Err(e) => {
                        errs.add(e.to_string());
                        return lat;
                    }
                }
            }
            let _ = x.release();
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
    let (n, b) = (stats.instances.load(Relaxed), stats.bytes.load(Relaxed));
    let mut o = Out::new(if get { "get" } else { "move" }, a);
    o.n("clients", clients as i64);
    o.n("retrieves", lat.len() as i64);
    o.n("instances", n as i64);
    o.f("wall_s", wall);
    o.f("inst_per_s", n as f64 / wall);
    o.f("mb_per_s", b as f64 / 1e6 / wall);
    o.lat(&mut lat);
    o.spent(&s, n);
    o.f("server_cpu_s_per_gb", if b > 0 { s.server_cpu / (b as f64 / 1e9) } else { 0.0 });
    o.st("errors", &errs.text());
    o.print();
}
