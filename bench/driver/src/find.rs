//! C-FIND.

use crate::command::*;
use crate::data::*;
use crate::dimse::*;
use crate::query::*;
use crate::store::Layout;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::Instant;

pub fn cmd_find(a: &Args) {
    let q = a.s("query", "pid");
    let (clients, reps, n, seed) = (a.n("clients", 1), a.n("reps", 50), a.n("studies", 10_000), a.seed());
    let peer = a.peer();
    let ts = a.ts();
    let archive = Arc::new(Archive::new(seed, n, &q));
    let errs = Errs::new();
    let bar = Arc::new(Barrier::new(clients as usize + 1));
    let wrong = Arc::new(AtomicU64::new(0));
    let max_s = a.n("max-s", 60);
    let mut hs = vec![];
    for c in 0..clients {
        let (peer, archive, errs, bar, q, wrong) =
            (peer.clone(), archive.clone(), errs.clone(), bar.clone(), q.clone(), wrong.clone());
        hs.push(std::thread::spawn(move || {
            let (mut lat, mut first, mut matches, mut expected, mut bytes) =
                (vec![], vec![], 0u64, 0u64, 0u64);
            let qs: Vec<(Vec<u8>, u64)> = (0..reps)
                .map(|i| {
                    let (els, e) = query(&q, i * clients + c, &archive);
                    (ident(els, ts == EXPLICIT_LE), e)
                })
                .collect();
            bar.wait();
            let t0 = Instant::now();
            let mut x = match Assoc::connect(&peer, &[(STUDY_FIND, &[ts])], &[]) {
                Ok(x) => x,
                Err(e) => {
                    errs.add(format!("connect: {e}"));
                    return (lat, first, matches, expected, bytes);
                }
            };
            for (id, e) in &qs {
                let t = Instant::now();
                match x.find(STUDY_FIND, id, None) {
                    Ok((m, f, 0, b)) => {
                        lat.push(ms(t));
                        first.push(f.as_secs_f64() * 1000.0);
                        matches += m;
                        expected += e;
                        bytes += b;
                        if m != *e {
                            wrong.fetch_add(1, Relaxed);
                        }
                    }
                    Ok((_, _, s, _)) => errs.add(format!("status {s:04X}")),
                    Err(e) => {
                        errs.add(format!("find: {e}"));
                        return (lat, first, matches, expected, bytes);
                    }
                }
                if t0.elapsed().as_secs() >= max_s {
                    break;
                }
            }
            let _ = x.release();
            (lat, first, matches, expected, bytes)
        }));
    }
    let m = a.mon();
    bar.wait();
    let t = Instant::now();
    let (mut lat, mut first, mut matches, mut expected, mut bytes) = (vec![], vec![], 0, 0, 0);
    for h in hs {
        let r = h.join().unwrap();
        lat.extend(r.0);
        first.extend(r.1);
        matches += r.2;
        expected += r.3;
        bytes += r.4;
    }
    let wall = t.elapsed().as_secs_f64();
    let s = m.end();
    let mut o = Out::new("find", a);
    o.st("query", &q);
    o.n("clients", clients as i64);
    o.n("queries", lat.len() as i64);
    o.f("queries_per_s", lat.len() as f64 / wall);
    o.f("inst_per_s", matches as f64 / wall);
    o.f("mb_per_s", bytes as f64 / 1e6 / wall);
    o.n("matches", matches as i64);
    o.n("expected", expected as i64);
    o.f("matches_per_query", matches as f64 / lat.len().max(1) as f64);
    o.n("wrong_counts", wrong.load(Relaxed) as i64);
    o.f("wall_s", wall);
    let nq = lat.len() as u64;
    o.lat(&mut lat);
    first.sort_by(|a, b| a.partial_cmp(b).unwrap());
    o.f("first_p50_ms", first.get(first.len() / 2).copied().unwrap_or(0.0));
    o.spent(&s, nq);
    o.st("errors", &errs.text());
    o.print();
}

/// How many of the instances that `store` sent with the same options are found at the image level.
pub fn cmd_held(a: &Args) {
    let l = Layout::of(a);
    let (seed, ts) = (a.seed(), a.ts());
    let mut found = 0;
    let mut error = String::new();
    match Assoc::connect(&a.peer(), &[(STUDY_FIND, &[ts])], &[]) {
        Ok(mut x) => {
            let mut asked = None;
            for g in 0..l.instances {
                let (st, se, _) = l.place(g);
                if asked.replace((st, se)) == Some((st, se)) {
                    continue;
                }
                let keys = vec![
                    el(8, 0x52, b"CS", "IMAGE"),
                    el(0x20, 0xD, b"UI", &study_uid(seed, st)),
                    el(0x20, 0xE, b"UI", &series_uid(seed, st, se)),
                    el(8, 0x18, b"UI", ""),
                ];
                match x.find(STUDY_FIND, &ident(keys, ts == EXPLICIT_LE), None) {
                    Ok((n, _, 0, _)) => found += n,
                    Ok((_, _, s, _)) => error = format!("status {s:04X}"),
                    Err(e) => {
                        error = e.to_string();
                        break;
                    }
                }
            }
            let _ = x.release();
        }
        Err(e) => error = e.to_string(),
    }
    let mut o = Out::new("held", a);
    o.n("held", found as i64);
    o.st("errors", &error);
    o.print();
}
