//! The queries, and how many matches each has in the synthetic archive.

use crate::data::*;

pub type El = (u16, u16, [u8; 2], Vec<u8>);
pub fn ident(mut els: Vec<El>, explicit: bool) -> Vec<u8> {
    els.sort_by_key(|e| (e.0, e.1));
    let mut e = Enc::new(explicit);
    for x in els {
        e.raw(x.0, x.1, &x.2, &x.3);
    }
    e.buf
}
pub fn el(g: u16, e: u16, vr: &[u8; 2], v: &str) -> El {
    (g, e, *vr, v.as_bytes().to_vec())
}
fn study_keys(set: &[El], computed: bool) -> Vec<El> {
    let mut v = vec![
        el(8, 0x20, b"DA", ""),
        el(8, 0x30, b"TM", ""),
        el(8, 0x50, b"SH", ""),
        el(8, 0x52, b"CS", "STUDY"),
        el(8, 0x90, b"PN", ""),
        el(8, 0x1030, b"LO", ""),
        el(0x10, 0x10, b"PN", ""),
        el(0x10, 0x20, b"LO", ""),
        el(0x10, 0x30, b"DA", ""),
        el(0x10, 0x40, b"CS", ""),
        el(0x20, 0xD, b"UI", ""),
        el(0x20, 0x10, b"SH", ""),
    ];
    if computed {
        v.extend([el(8, 0x61, b"CS", ""), el(0x20, 0x1206, b"IS", ""), el(0x20, 0x1208, b"IS", "")]);
    }
    for s in set {
        v.retain(|x| (x.0, x.1) != (s.0, s.1));
        v.push(s.clone());
    }
    v
}
/// What of the archive of `seed` is needed to know the number of matches.
pub struct Archive {
    seed: u64,
    studies: u64,
    /// studies of each day of the ten years, and those of them that are CT
    days: Vec<(u64, u64)>,
    /// studies whose name matches the query's
    named: u64,
}
impl Archive {
    pub fn new(seed: u64, studies: u64, q: &str) -> Archive {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
        let pattern = name_pattern(q, studies);
        let mut whole = Archive { seed, studies, days: vec![(0, 0); DAYS as usize], named: 0 };
        if !(q.contains("date") || pattern.is_some()) {
            return whole;
        }
        let parts: Vec<Archive> = std::thread::scope(|scope| {
            let hs: Vec<_> = (0..threads)
                .map(|k| {
                    scope.spawn(move || {
                        Archive::part(seed, k * studies / threads..(k + 1) * studies / threads, pattern)
                    })
                })
                .collect();
            hs.into_iter().map(|h| h.join().unwrap()).collect()
        });
        for p in parts {
            whole.named += p.named;
            for (d, e) in whole.days.iter_mut().zip(p.days) {
                *d = (d.0 + e.0, d.1 + e.1);
            }
        }
        whole
    }
    fn part(seed: u64, range: std::ops::Range<u64>, pattern: Option<&str>) -> Archive {
        let mut a = Archive { seed, studies: 0, days: vec![(0, 0); DAYS as usize], named: 0 };
        for st in range {
            let s = study(seed, st, None);
            let d = &mut a.days[(s.day - DAY0) as usize];
            *d = (d.0 + 1, d.1 + (s.modality == "CT") as u64);
            a.named += pattern.is_some_and(|p| like(&s.name.bytes, p.as_bytes())) as u64;
        }
        a
    }
    fn between(&self, first: i64, last: i64) -> (u64, u64) {
        let days = &self.days[(first - DAY0) as usize..=(last - DAY0) as usize];
        days.iter().fold((0, 0), |a, d| (a.0 + d.0, a.1 + d.1))
    }
}
/// The wild cards that the queries use: `X*` and `*X*`; the names are in capitals.
fn like(name: &[u8], pattern: &[u8]) -> bool {
    let word = pattern.strip_suffix(b"*").unwrap();
    match word.strip_prefix(b"*") {
        Some(inner) => name.windows(inner.len()).any(|w| w == inner),
        None => name.starts_with(word),
    }
}
/// `same_name` and `same_contains` have about as many matches in 10,000 studies (276) as in 1,000,000 (306).
fn name_pattern(q: &str, studies: u64) -> Option<&'static str> {
    let big = studies >= 1_000_000;
    match q {
        "name_prefix" => Some("SMITH*"),
        "name_contains" => Some("*SMI*"),
        "same_name" => Some(if big { "SMITHERS^ANNA*" } else { "SMIT*" }),
        "same_contains" => Some(if big { "*MITHERS^ANNA*" } else { "*MITH*" }),
        _ => None,
    }
}
/// The identifier of query `q`, variant `k`, and how many matches the synthetic archive has.
pub fn query(q: &str, k: u64, archive: &Archive) -> (Vec<El>, u64) {
    let (seed, n) = (archive.seed, archive.studies);
    let mut r = Rng(seed ^ mix(k + 1) ^ 0xF00D);
    let pick = r.below(n.max(1));
    if let Some(pattern) = name_pattern(q, n) {
        return (study_keys(&[el(0x10, 0x10, b"PN", pattern)], false), archive.named);
    }
    match q {
        "pid" => {
            let p = if pick % 3 == 2 { pick - 1 } else { pick };
            let pid = study(seed, p, None).pid;
            (study_keys(&[el(0x10, 0x20, b"LO", &pid)], false), 1 + (p % 3 == 1 && p + 1 < n) as u64)
        }
        "accession" => {
            let s = study(seed, pick, None);
            (study_keys(&[el(8, 0x50, b"SH", &s.accession)], false), 1)
        }
        "study_uid" => (study_keys(&[el(0x20, 0xD, b"UI", &study_uid(seed, pick))], true), 1),
        // `same_date`: as many days as have some 274 studies
        "date_week" | "date_week_modality" | "date_week_computed" | "same_date" => {
            let days = if q == "same_date" { (1_000_000 / n.max(1)).clamp(1, DAYS / 2) } else { 7 };
            let d0 = DAY0 + r.below(DAYS - days) as i64;
            let d1 = d0 + days as i64 - 1;
            let mut set = vec![el(8, 0x20, b"DA", &format!("{}-{}", ymd(d0), ymd(d1)))];
            let ct = q == "date_week_modality";
            if ct {
                set.push(el(8, 0x61, b"CS", "CT"));
            }
            let (all, of_ct) = archive.between(d0, d1);
            let computed = q == "date_week_computed" || q == "same_date";
            (study_keys(&set, computed), if ct { of_ct } else { all })
        }
        "all" => (study_keys(&[], false), n),
        "all_computed" => (study_keys(&[], true), n),
        "series" => (
            vec![
                el(8, 0x52, b"CS", "SERIES"),
                el(0x20, 0xD, b"UI", &study_uid(seed, pick)),
                el(8, 0x60, b"CS", ""),
                el(0x20, 0xE, b"UI", ""),
                el(0x20, 0x11, b"IS", ""),
                el(8, 0x103E, b"LO", ""),
                el(0x20, 0x1209, b"IS", ""),
            ],
            1,
        ),
        "image" | "image500" => {
            let st = if q == "image" { pick } else { k % 4 };
            (
                vec![
                    el(8, 0x52, b"CS", "IMAGE"),
                    el(0x20, 0xD, b"UI", &study_uid(seed, st)),
                    el(0x20, 0xE, b"UI", &series_uid(seed, st, 0)),
                    el(8, 0x16, b"UI", ""),
                    el(8, 0x18, b"UI", ""),
                    el(0x20, 0x13, b"IS", ""),
                ],
                if q == "image" { 1 } else { 500 },
            )
        }
        _ => panic!("query {q}?"),
    }
}
