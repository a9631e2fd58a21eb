//! Part 10 files: for tools that send or take in files, and as the vault of an archive.

use crate::command::*;
use crate::data::*;
use crate::store::Layout;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Writes the instances of a layout, by as many threads as there are cores, each where `path` says.
fn write(a: &Args, path: &(dyn Fn(u64, &Study, (u64, u64, u64), &Instance) -> PathBuf + Sync)) {
    let l = Layout::of(a);
    let (seed, explicit) = (a.seed(), a.ts() == EXPLICIT_LE);
    let px = &Pixels::new(l.kind, seed);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let t = Instant::now();
    std::thread::scope(|scope| {
        for k in 0..threads {
            scope.spawn(move || {
                for g in k * l.instances / threads..(k + 1) * l.instances / threads {
                    let (st, se, i) = l.place(g);
                    let s = study(seed, st, l.kind.modality());
                    let x = instance(l.kind, seed, &s, st, se, i, explicit, px.planes.len());
                    let file = path(g, &s, (st, se, i), &x);
                    let bytes = part10(&x, px, explicit);
                    if std::fs::write(&file, &bytes).is_err() {
                        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                        std::fs::write(&file, &bytes).unwrap();
                    }
                }
            });
        }
    });
    println!(
        "{{\"scenario\":\"files\",\"files\":{},\"wall_s\":{:.3}}}",
        l.instances,
        t.elapsed().as_secs_f64()
    );
}

/// Numbered files in one directory.
pub fn cmd_gen(a: &Args) {
    let dir = a.s("out", "data");
    std::fs::create_dir_all(&dir).unwrap();
    write(a, &|g, _, _, _| Path::new(&dir).join(format!("{g:07}.dcm")));
}

/// `YYYY/MM/DD/<study>/<series>/<instance>.dcm`, so many studies a day, the last of them on 2025-12-31.
pub fn cmd_vault(a: &Args) {
    const LAST_DAY: i64 = 20_453;
    let dir = a.s("out", "data");
    let (a_day, seed) = (a.n("studies-a-day", 500), a.seed());
    let last = Layout::of(a).place(Layout::of(a).instances - 1).0;
    write(a, &|_, s, (st, se, _), x| {
        let day = ymd(LAST_DAY - ((last - st) / a_day) as i64);
        let (year, month, day) = (&day[..4], &day[4..6], &day[6..]);
        Path::new(&dir)
            .join(year)
            .join(month)
            .join(day)
            .join(&s.uid)
            .join(series_uid(seed, st, se))
            .join(format!("{}.dcm", x.sop_uid))
    });
}
