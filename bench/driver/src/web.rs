//! DICOMweb.

use crate::command::*;
use crate::data::*;
use crate::http;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

pub fn cmd_http(a: &Args) {
    let u = http::url(&a.s("base", "http://127.0.0.1:8042/dicom-web"));
    let op = a.s("op", "qido");
    let (clients, reps, seed, n) = (a.n("clients", 1), a.n("reps", 20), a.seed(), a.n("studies", 10_000));
    let st0 = a.n("base-study", 0);
    let base = u.path.clone();
    let errs = Errs::new();
    let bar = Arc::new(Barrier::new(clients as usize + 1));
    let u = Arc::new(u);
    let batch = a.n("batch", 10);
    let px = Arc::new(Pixels::new(if op == "stow" { Kind::Ct } else { Kind::Index }, seed));
    let items = Arc::new(AtomicU64::new(0));
    let max_s = a.n("max-s", 60);
    let mut hs = vec![];
    for c in 0..clients {
        let (errs, bar, u, base, op, px, items) =
            (errs.clone(), bar.clone(), u.clone(), base.clone(), op.clone(), px.clone(), items.clone());
        hs.push(std::thread::spawn(move || {
            let (mut lat, mut bytes) = (vec![], 0u64);
            let mut h: Option<http::Http> = None;
            bar.wait();
            let t0 = Instant::now();
            for i in 0..reps {
                if t0.elapsed().as_secs() >= max_s {
                    break;
                }
                let k = i * clients + c;
                let mut r = Rng(seed ^ mix(k + 77));
                let st = st0 + c % 4;
                let series = format!("{base}/studies/{}/series/{}", study_uid(seed, st), series_uid(seed, st, 0));
                let inst = format!("{series}/instances/{}", sop_uid(seed, st, 0, r.below(500)));
                let (mut method, mut accept, mut body, mut ct) = ("GET", "application/dicom+json", vec![], None);
                let mut unit = 1;
                let path = match op.as_str() {
                    "qido" => format!("{base}/studies?limit=100"),
                    "qido-fields" => format!("{base}/studies?limit=100&includefield=StudyDescription&includefield=ModalitiesInStudy&includefield=NumberOfStudyRelatedInstances"),
                    "qido-all" => { unit = n; format!("{base}/studies") },
                    "qido-name" => format!("{base}/studies?PatientName=SMITH*"),
                    "qido-pid" => format!("{base}/studies?PatientID={}", study(seed, r.below(n), None).pid),
                    "qido-instances" => { unit = 500; format!("{series}/instances") },
                    "wado-series" => { accept = "multipart/related; type=\"application/dicom\""; unit = 500; series },
                    "wado-instance" => { accept = "multipart/related; type=\"application/dicom\""; inst },
                    "metadata" => { unit = 500; format!("{series}/metadata") },
                    "frames" => { accept = "multipart/related; type=\"application/octet-stream\""; format!("{inst}/frames/1") },
                    "rendered" => { accept = "image/jpeg"; format!("{inst}/rendered") },
                    "rendered-png" => { accept = "image/png"; format!("{inst}/rendered") },
                    "stow" => {
                        method = "POST";
                        unit = batch;
                        ct = Some("multipart/related; type=\"application/dicom\"; boundary=dbenchX");
                        let s = study(seed, 900_000 + k, Some("CT"));
                        for j in 0..batch {
                            body.extend_from_slice(b"--dbenchX\r\nContent-Type: application/dicom\r\n\r\n");
                            let x = instance(Kind::Ct, seed, &s, 900_000 + k, 0, j, true, px.planes.len());
                            body.extend_from_slice(&part10(&x, &px, true));
                            body.extend_from_slice(b"\r\n");
                        }
                        body.extend_from_slice(b"--dbenchX--\r\n");
                        format!("{base}/studies")
                    }
                    x => panic!("op {x}?"),
                };
                let t = Instant::now();
                let r = (|| {
                    if h.is_none() {
                        h = Some(http::Http::connect(&u, Duration::from_secs(120))?);
                    }
                    h.as_mut().unwrap().request(method, &path, accept, ct, &body, None)
                })();
                match r {
                    Ok((s, b, open)) => {
                        if (200..300).contains(&s) {
                            lat.push(ms(t));
                            bytes += b + body.len() as u64;
                            items.fetch_add(unit, Relaxed);
                        } else {
                            errs.add(format!("HTTP {s}"));
                        }
                        if !open {
                            h = None;
                        }
                    }
                    Err(e) => {
                        errs.add(e.to_string());
                        h = None;
                    }
                }
            }
            (lat, bytes)
        }));
    }
    let m = a.mon();
    let t = Instant::now();
    bar.wait();
    let (mut lat, mut bytes) = (vec![], 0);
    for h in hs {
        let r = h.join().unwrap();
        lat.extend(r.0);
        bytes += r.1;
    }
    let wall = t.elapsed().as_secs_f64();
    let s = m.end();
    let mut o = Out::new("http", a);
    o.st("op", &op);
    o.n("clients", clients as i64);
    o.n("requests", lat.len() as i64);
    o.f("wall_s", wall);
    o.f("requests_per_s", lat.len() as f64 / wall);
    o.f("inst_per_s", items.load(Relaxed) as f64 / wall);
    o.f("mb_per_s", bytes as f64 / 1e6 / wall);
    o.f("kb_per_response", bytes as f64 / 1e3 / lat.len().max(1) as f64);
    let k = lat.len() as u64;
    o.lat(&mut lat);
    o.spent(&s, k);
    o.f("server_cpu_s_per_gb", if bytes > 0 { s.server_cpu / (bytes as f64 / 1e9) } else { 0.0 });
    o.st("errors", &errs.text());
    o.print();
}
