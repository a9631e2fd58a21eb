//! An SCP that takes everything: the destination of C-MOVE, and the reference servers.

use crate::command::Args;
use crate::dimse::{err, item, pdu, Assoc};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::Arc;

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Sync {
    /// discard
    Discard,
    /// write a file, no fsync
    None,
    /// write, fdatasync the file, rename, fsync the directory
    Full,
}

pub struct SinkStats {
    pub instances: AtomicU64,
    pub bytes: AtomicU64,
    pub stop: AtomicBool,
}

/// An SCP that accepts every context, answers every C-STORE and C-ECHO with success, and discards
/// (or writes, for the reference server) the data sets. One thread for each association.
pub fn sink(l: TcpListener, st: Arc<SinkStats>, store: Option<(String, Sync)>, max_pdu: u32) {
    for s in l.incoming() {
        if st.stop.load(Relaxed) {
            return;
        }
        let Ok(s) = s else { continue };
        let st = st.clone();
        let store = store.clone();
        std::thread::spawn(move || {
            if let Err(e) = sink_assoc(s, st, store, max_pdu) {
                if e.kind() != io::ErrorKind::UnexpectedEof {
                    eprintln!("sink: {e}");
                }
            }
        });
    }
}
fn sink_assoc(
    s: TcpStream,
    st: Arc<SinkStats>,
    store: Option<(String, Sync)>,
    max_pdu: u32,
) -> io::Result<()> {
    s.set_nodelay(true)?;
    let w = s.try_clone()?;
    let mut a = Assoc::on(s, w, 16384);
    if a.read_pdu()? != 1 {
        return Err(err("no A-ASSOCIATE-RQ".into()));
    }
    let b = std::mem::take(&mut a.body);
    let mut ac = vec![0, 1, 0, 0];
    ac.extend_from_slice(&b[4..68]);
    item(&mut ac, 0x10, b"1.2.840.10008.3.1.1.1");
    let mut p = 68;
    while p + 4 <= b.len() {
        let t = b[p];
        let l = u16::from_be_bytes([b[p + 2], b[p + 3]]) as usize;
        let v = &b[p + 4..p + 4 + l];
        if t == 0x20 {
            let mut q = 4;
            let mut tss: Vec<Vec<u8>> = vec![];
            while q + 4 <= v.len() {
                let l2 = u16::from_be_bytes([v[q + 2], v[q + 3]]) as usize;
                if v[q] == 0x40 {
                    tss.push(v[q + 4..q + 4 + l2].to_vec());
                }
                q += 4 + l2;
            }
            let pick = tss
                .iter()
                .find(|t| t.starts_with(b"1.2.840.10008.1.2.1") && t.len() <= 20)
                .unwrap_or(&tss[0])
                .clone();
            let mut c = vec![v[0], 0, 0, 0];
            item(&mut c, 0x40, &pick);
            item(&mut ac, 0x21, &c);
        }
        p += 4 + l;
    }
    let mut u = vec![];
    item(&mut u, 0x51, &max_pdu.to_be_bytes());
    item(&mut u, 0x52, b"2.25.1357913579");
    item(&mut ac, 0x50, &u);
    a.w.write_all(&pdu(2, &ac))?;
    a.pos = 0;
    let mut buf: Vec<u8> = vec![];
    loop {
        buf.clear();
        let m = if store.is_some() { a.read_msg(Some(&mut buf))? } else { a.read_msg(None)? };
        let Some((ctx, c, n)) = m else { return Ok(()) };
        if c.field == 1 {
            if let Some((dir, sync)) = &store {
                write_file(dir, &c.sop_instance, &buf, *sync)?;
            }
            st.instances.fetch_add(1, Relaxed);
            st.bytes.fetch_add(n, Relaxed);
        }
        a.store_rsp(ctx, &c, 0)?;
    }
}
pub fn write_file(dir: &str, name: &str, data: &[u8], sync: Sync) -> io::Result<()> {
    let h = name.bytes().fold(0u8, |a, b| a.wrapping_mul(31).wrapping_add(b));
    let d = format!("{dir}/{h:02x}");
    if !std::path::Path::new(&d).exists() {
        let _ = std::fs::create_dir_all(&d);
    }
    let tmp = format!("{d}/.{name}");
    let fin = format!("{d}/{name}");
    let mut f = std::fs::File::create(&tmp)?;
    f.write_all(data)?;
    if sync == Sync::Full {
        f.sync_data()?;
    }
    drop(f);
    std::fs::rename(&tmp, &fin)?;
    if sync == Sync::Full {
        std::fs::File::open(&d)?.sync_all()?;
    }
    Ok(())
}

pub fn cmd_sink(a: &Args) {
    let l = TcpListener::bind(("127.0.0.1", a.n("port", 11190) as u16)).unwrap();
    let sync = match a.s("sync", "discard").as_str() {
        "none" => Sync::None,
        "full" => Sync::Full,
        _ => Sync::Discard,
    };
    let store = if sync == Sync::Discard { None } else { Some((a.s("store", "sink-data"), sync)) };
    let st = Arc::new(SinkStats {
        instances: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
        stop: AtomicBool::new(false),
    });
    sink(l, st, store, a.n("max-pdu", 131_072) as u32);
}
