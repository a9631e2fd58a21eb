//! What a command is given (`--key value`), and the JSON line that it gives.

use crate::data::{EXPLICIT_LE, IMPLICIT_LE};
use crate::dimse::Peer;
use crate::mon;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub struct Args {
    pub m: HashMap<String, String>,
}
impl Args {
    pub fn s(&self, k: &str, d: &str) -> String {
        self.m.get(k).cloned().unwrap_or_else(|| d.to_string())
    }
    pub fn o(&self, k: &str) -> Option<String> {
        self.m.get(k).filter(|x| !x.is_empty()).cloned()
    }
    pub fn n(&self, k: &str, d: u64) -> u64 {
        self.m.get(k).map(|x| x.parse().unwrap_or_else(|_| panic!("--{k} {x}?"))).unwrap_or(d)
    }
    pub fn peer(&self) -> Peer {
        Peer {
            host: self.s("host", "127.0.0.1"),
            port: self.n("port", 4242) as u16,
            called: self.s("called", "ANY-SCP"),
            calling: self.s("calling", "BENCH"),
            max_pdu: self.n("max-pdu", 131_072) as u32,
            send_pdu: self.n("send-pdu", 131_072) as u32,
            timeout: Duration::from_secs(self.n("timeout", 120)),
        }
    }
    pub fn mon(&self) -> mon::Mon {
        mon::Mon::start(
            self.o("pid").map(|x| x.parse().unwrap()),
            self.o("disk"),
            self.o("maps-ms").map(|x| x.parse().unwrap()),
        )
    }
    pub fn seed(&self) -> u64 {
        self.n("seed", 42)
    }
    pub fn ts(&self) -> &'static str {
        if self.s("ts", "explicit") == "implicit" {
            IMPLICIT_LE
        } else {
            EXPLICIT_LE
        }
    }
}

pub struct Out(String);
impl Out {
    pub fn new(scn: &str, a: &Args) -> Out {
        let mut o = Out("{".into());
        o.st("scenario", &a.s("name", scn));
        o.st("peer", &a.s("label", ""));
        o
    }
    pub fn key(&mut self, k: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&format!("\"{k}\":"));
    }
    pub fn st(&mut self, k: &str, v: &str) {
        self.key(k);
        self.0.push_str(&format!("\"{}\"", v.replace('\\', "\\\\").replace('"', "'").replace('\n', " ")));
    }
    pub fn f(&mut self, k: &str, v: f64) {
        self.key(k);
        let d = if v.abs() >= 100.0 { 1 } else { 3 };
        self.0.push_str(&format!("{v:.d$}"));
    }
    pub fn n(&mut self, k: &str, v: i64) {
        self.key(k);
        self.0.push_str(&v.to_string());
    }
    pub fn lat(&mut self, v: &mut [f64]) {
        v.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let q = |p: f64| {
            if v.is_empty() {
                0.0
            } else {
                v[((v.len() as f64 * p).ceil() as usize).clamp(1, v.len()) - 1]
            }
        };
        self.f("p50_ms", q(0.50));
        self.f("p95_ms", q(0.95));
        self.f("p99_ms", q(0.99));
        self.f("max_ms", q(1.0));
    }
    pub fn spent(&mut self, s: &mon::Spent, ops: u64) {
        self.f("server_cpu_s", s.server_cpu);
        self.f("server_cpu_ms_per_op", if ops > 0 { s.server_cpu * 1000.0 / ops as f64 } else { 0.0 });
        self.f("server_peak_rss_mb", s.rss as f64 / 1048576.0);
        self.f("server_peak_pss_mb", s.pss as f64 / 1048576.0);
        self.f("server_peak_private_mb", s.private as f64 / 1048576.0);
        self.n("server_processes", s.procs as i64);
        self.f("disk_mb", s.disk_alloc as f64 / 1e6);
        self.f("disk_apparent_mb", s.disk_apparent as f64 / 1e6);
        self.n("files", s.files);
        self.f("server_write_mb", s.io_written as f64 / 1e6);
        self.f("driver_cpu_s", s.driver_cpu);
        self.f("other_cpu_s", s.other_cpu);
        self.f("iowait_s", s.iowait);
    }
    pub fn print(mut self) {
        self.0.push('}');
        println!("{}", self.0);
    }
}

pub fn ms(t: Instant) -> f64 {
    t.elapsed().as_secs_f64() * 1000.0
}

pub struct Errs(pub Mutex<HashMap<String, u64>>);
impl Errs {
    pub fn new() -> Arc<Errs> {
        Arc::new(Errs(Mutex::new(HashMap::new())))
    }
    pub fn add(&self, e: String) {
        *self.0.lock().unwrap().entry(e).or_insert(0) += 1;
    }
    pub fn text(&self) -> String {
        let m = self.0.lock().unwrap();
        let mut v: Vec<_> = m.iter().map(|(k, n)| format!("{n} x {k}")).collect();
        v.sort();
        v.truncate(4);
        v.join("; ")
    }
}
