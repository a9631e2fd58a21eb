//! What the machine allows.

use crate::command::*;
use crate::data::uid;
use crate::mon;
use crate::sink::{write_file, Sync};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

pub fn cmd_limits(a: &Args) {
    let dir = a.s("dir", ".");
    let d = format!("{dir}/dbench-limits");
    let _ = std::fs::remove_dir_all(&d);
    std::fs::create_dir_all(&d).unwrap();
    let mut o = Out::new("limits", a);
    // memcpy
    let src = vec![1u8; 64 << 20];
    let mut dst = vec![0u8; 64 << 20];
    dst.copy_from_slice(&src);
    let t = Instant::now();
    let c0 = mon::self_cpu();
    for _ in 0..32 {
        dst.copy_from_slice(std::hint::black_box(&src));
        std::hint::black_box(&mut dst);
    }
    o.f("memcpy_gb_per_s", 32.0 * (64 << 20) as f64 / 1e9 / t.elapsed().as_secs_f64());
    o.f("memcpy_gb_per_cpu_s", 32.0 * (64 << 20) as f64 / 1e9 / (mon::self_cpu() - c0));
    drop(src);
    // loopback TCP, one stream
    for (name, chunk) in [("tcp_16k", 16 << 10), ("tcp_128k", 128 << 10)] {
        let l = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = l.local_addr().unwrap().port();
        let total: u64 = 4 << 30;
        let h = std::thread::spawn(move || {
            let (mut s, _) = l.accept().unwrap();
            let mut b = vec![0u8; chunk];
            let mut n = 0;
            while let Ok(k) = s.read(&mut b) {
                if k == 0 {
                    break;
                }
                n += k as u64;
            }
            n
        });
        let mut s = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        s.set_nodelay(true).unwrap();
        let b = vec![7u8; chunk];
        let (t, c0) = (Instant::now(), mon::self_cpu());
        let mut n = 0;
        while n < total {
            s.write_all(&b).unwrap();
            n += chunk as u64;
        }
        drop(s);
        h.join().unwrap();
        o.f(&format!("{name}_mb_per_s"), total as f64 / 1e6 / t.elapsed().as_secs_f64());
        o.f(&format!("{name}_cpu_s_per_gb"), (mon::self_cpu() - c0) / (total as f64 / 1e9));
    }
    // connect + accept + close
    {
        let l = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = l.local_addr().unwrap().port();
        let n = 4000;
        let h = std::thread::spawn(move || {
            for _ in 0..n {
                let (mut s, _) = l.accept().unwrap();
                let mut b = [0u8; 8];
                let _ = s.read(&mut b);
                let _ = s.write_all(&b);
            }
        });
        let t = Instant::now();
        for _ in 0..n {
            let mut s = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
            s.write_all(b"12345678").unwrap();
            let mut b = [0u8; 8];
            s.read_exact(&mut b).unwrap();
        }
        o.f("tcp_connect_roundtrip_per_s", n as f64 / t.elapsed().as_secs_f64());
        h.join().unwrap();
    }
    // sequential write, one fdatasync at the end
    let mb = a.n("seq-mb", 1024);
    let blk = vec![9u8; 1 << 20];
    let mut f = std::fs::File::create(format!("{d}/seq")).unwrap();
    let t = Instant::now();
    for _ in 0..mb {
        f.write_all(&blk).unwrap();
    }
    let w = t.elapsed().as_secs_f64();
    f.sync_data().unwrap();
    o.f("seq_write_page_cache_mb_per_s", (mb << 20) as f64 / 1e6 / w);
    o.f("seq_write_fdatasync_mb_per_s", (mb << 20) as f64 / 1e6 / t.elapsed().as_secs_f64());
    drop(f);
    let _ = std::fs::remove_file(format!("{d}/seq"));
    // 512 KB new files
    for (name, sync, th) in [
        ("files512k_nosync", Sync::None, 1u64),
        ("files512k_durable", Sync::Full, 1),
        ("files512k_durable_8threads", Sync::Full, 8),
    ] {
        let n = a.n("files", 600);
        let data = Arc::new(vec![5u8; 525_000]);
        let (t, c0) = (Instant::now(), mon::self_cpu());
        let hs: Vec<_> = (0..th)
            .map(|k| {
                let (d, data) = (d.clone(), data.clone());
                std::thread::spawn(move || {
                    let mut lat = vec![];
                    for i in 0..n / th {
                        let t = Instant::now();
                        write_file(&format!("{d}/{name}"), &uid(&[k, i]), &data, sync).unwrap();
                        lat.push(ms(t));
                    }
                    lat
                })
            })
            .collect();
        let mut lat: Vec<f64> = hs.into_iter().flat_map(|h| h.join().unwrap()).collect();
        let w = t.elapsed().as_secs_f64();
        lat.sort_by(|a, b| a.partial_cmp(b).unwrap());
        o.f(&format!("{name}_per_s"), lat.len() as f64 / w);
        o.f(&format!("{name}_p50_ms"), lat[lat.len() / 2]);
        o.f(&format!("{name}_p99_ms"), lat[lat.len() * 99 / 100]);
        o.f(&format!("{name}_cpu_ms"), (mon::self_cpu() - c0) * 1000.0 / lat.len() as f64);
    }
    // a log: append 4 KB + fdatasync (an index commit)
    let mut f = std::fs::File::create(format!("{d}/log")).unwrap();
    let t = Instant::now();
    let n = a.n("commits", 1000);
    for _ in 0..n {
        f.write_all(&blk[..4096]).unwrap();
        f.sync_data().unwrap();
    }
    o.f("append4k_fdatasync_per_s", n as f64 / t.elapsed().as_secs_f64());
    let _ = std::fs::remove_dir_all(&d);
    o.print();
}
