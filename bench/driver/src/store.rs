//! C-STORE, on one association or many.

use crate::command::*;
use crate::data::*;
use crate::dimse::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::Instant;

/// How the instances of a run lie in studies and series.
#[derive(Clone, Copy)]
pub struct Layout {
    pub kind: Kind,
    pub instances: u64,
    per_study: u64,
    per_series: u64,
    base: u64,
}
impl Layout {
    pub fn of(a: &Args) -> Layout {
        let kind = Kind::parse(&a.s("workload", "ct"));
        let alone = matches!(kind, Kind::Index | Kind::Us | Kind::Dx);
        let per_series = a.n("per-series", if alone { 1 } else { 500 });
        let per_study = a.n("per-study", per_series);
        Layout { kind, instances: a.n("instances", 2000), per_study, per_series, base: a.n("base", 0) }
    }
    /// Study, series and number of instance `g`.
    pub fn place(&self, g: u64) -> (u64, u64, u64) {
        let k = g % self.per_study;
        (self.base + g / self.per_study, k / self.per_series, k % self.per_series)
    }
}

pub fn cmd_store(a: &Args) {
    let l = Layout::of(a);
    let (kind, n) = (l.kind, l.instances);
    let conns = a.n("connections", 1);
    let assocs = a.n("assocs", conns).max(1);
    let seed = a.seed();
    let ts = a.ts();
    let explicit = ts == EXPLICIT_LE;
    let px = Arc::new(Pixels::new(kind, seed));
    let peer = a.peer();
    let next = Arc::new(AtomicU64::new(0));
    let errs = Errs::new();
    let bar = Arc::new(Barrier::new(conns as usize + 1));
    let hold = a.n("simultaneous", 0) == 1;
    let mut hs = vec![];
    for _ in 0..conns {
        let (px, peer, next, errs, bar) = (px.clone(), peer.clone(), next.clone(), errs.clone(), bar.clone());
        hs.push(
            std::thread::Builder::new()
                .stack_size(512 * 1024)
                .spawn(move || {
                    let (mut lat, mut alat, mut ok, mut bytes) = (vec![], vec![], 0u64, 0u64);
                    bar.wait();
                    loop {
                        let k = next.fetch_add(1, Relaxed);
                        if k >= assocs {
                            break;
                        }
                        let (lo, hi) = (k * n / assocs, (k + 1) * n / assocs);
                        let t0 = Instant::now();
                        let mut classes: Vec<&str> = vec![];
                        if kind == Kind::Index {
                            classes.extend_from_slice(ALL_SOP);
                        } else {
                            classes.push(sop_class(kind.modality().unwrap()));
                        }
                        let tss = [ts];
                        let ctxs: Vec<(&str, &[&str])> = classes.iter().map(|c| (*c, &tss[..])).collect();
                        let mut x = match Assoc::connect(&peer, &ctxs, &[]) {
                            Ok(x) => x,
                            Err(e) => {
                                errs.add(format!("connect: {e}"));
                                if hold {
                                    break;
                                }
                                continue;
                            }
                        };
                        alat.push(ms(t0));
                        let mut dead = false;
                        let mut cur: Option<(u64, Study)> = None;
                        for g in lo..hi {
                            let (st, se, i) = l.place(g);
                            if cur.as_ref().map(|c| c.0) != Some(st) {
                                cur = Some((st, study(seed, st, kind.modality())));
                            }
                            let s = &cur.as_ref().unwrap().1;
                            let inst = instance(kind, seed, s, st, se, i, explicit, px.planes.len());
                            let ctx = match x.ctx_for(inst.sop_class) {
                                Ok(c) => c.0,
                                Err(e) => {
                                    errs.add(e.to_string());
                                    continue;
                                }
                            };
                            let plane = &px.planes[inst.plane];
                            let t = Instant::now();
                            match x.store(ctx, inst.sop_class, &inst.sop_uid, &[&inst.head, plane]) {
                                Ok(0) => {
                                    ok += 1;
                                    lat.push(ms(t));
                                    bytes += (inst.head.len() + plane.len()) as u64;
                                }
                                Ok(s) => errs.add(format!("status {s:04X}")),
                                Err(e) => {
                                    errs.add(format!("store: {e}"));
                                    dead = true;
                                    break;
                                }
                            }
                        }
                        if !dead {
                            if let Err(e) = x.release() {
                                errs.add(format!("release: {e}"));
                            }
                        }
                    }
                    (lat, alat, ok, bytes)
                })
                .unwrap(),
        );
    }
    let m = a.mon();
    bar.wait();
    let t = Instant::now();
    let (mut lat, mut alat, mut ok, mut bytes) = (vec![], vec![], 0, 0);
    for h in hs {
        let r = h.join().unwrap();
        lat.extend(r.0);
        alat.extend(r.1);
        ok += r.2;
        bytes += r.3;
    }
    let wall = t.elapsed().as_secs_f64();
    let s = m.end();
    let mut o = Out::new("store", a);
    o.n("instances", n as i64);
    o.n("ok", ok as i64);
    o.n("connections", conns as i64);
    o.n("assocs", assocs as i64);
    o.f("wall_s", wall);
    o.f("inst_per_s", ok as f64 / wall);
    o.f("mb_per_s", bytes as f64 / 1e6 / wall);
    o.lat(&mut lat);
    alat.sort_by(|a, b| a.partial_cmp(b).unwrap());
    o.f("assoc_p50_ms", alat.get(alat.len() / 2).copied().unwrap_or(0.0));
    o.f("assoc_max_ms", alat.last().copied().unwrap_or(0.0));
    o.spent(&s, ok);
    o.f("server_cpu_s_per_gb", if bytes > 0 { s.server_cpu / (bytes as f64 / 1e9) } else { 0.0 });
    o.st("errors", &errs.text());
    o.print();
}
