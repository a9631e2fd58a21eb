//! How long the catalog takes: recording one by one, by several writers and in a new catalog, and the usual queries with their answers
//! encoded. `cargo bench -p catalog --bench catalog -- [STUDIES [FOLDER]]`; with a folder the catalog is kept there and
//! used again. Prints figures; asserts nothing.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use catalog::{Access, Catalog, Encoder, Filling, InstanceRow, Location, Query, QueryRules, keys};
use dataset::{Identifier, Walker};
use vocabulary::{AeTitle, Day, Encoding, InformationModel, Tag, Uid, Vr};

type Outcome<T> = Result<T, Box<dyn Error>>;

const FAMILY: &[&str] =
    &["SMITH", "MUELLER", "GARCIA", "NGUYEN", "KOWALSKI", "JOHNSON", "ROSSI", "IVANOVA", "TANAKA", "DUBOIS"];
const GIVEN: &[&str] = &["ANNA", "BRUNO", "CARLA", "DAVID", "ELENA", "FELIX", "GRETA", "HUGO"];
const MODALITIES: &[&str] = &["CT", "MR", "CR", "US", "DX", "NM"];

/// The attributes of the one image of the `number`th study, two studies a patient.
fn data_set(number: u64, image: u64) -> Identifier {
    let mut data_set = Identifier::new();
    let mut text = |group, element, value: &str| {
        let tag = Tag(group, element);
        data_set.set(tag, dataset::vr_of(tag), value.as_bytes());
    };
    let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let patient = number / 2;
    let pick = |from: &[&'static str], by: u64| from[usize::try_from(by).unwrap_or(0) % from.len()];
    // Days of 20 years.
    let day = Day::from_days_since_1970(12_000 + i64::try_from(scattered % 7_300).unwrap_or(0));
    let day = day.map_or(0, Day::as_number).to_string();
    text(0x0008, 0x0008, "ORIGINAL\\PRIMARY\\AXIAL");
    text(0x0008, 0x0016, "1.2.840.10008.5.1.4.1.1.2");
    text(0x0008, 0x0018, &format!("1.2.826.0.1.3680043.8.498.{scattered}.1.{image}"));
    text(0x0008, 0x0020, &day);
    text(0x0008, 0x0021, &day);
    text(0x0008, 0x0023, &day);
    text(0x0008, 0x0030, "101530.123");
    text(0x0008, 0x0033, "101545.5");
    text(0x0008, 0x0050, &format!("ACC{number:08}"));
    text(0x0008, 0x0060, pick(MODALITIES, scattered >> 20));
    text(0x0008, 0x0070, "Maker of Scanners");
    text(0x0008, 0x0080, "General Hospital");
    text(0x0008, 0x0090, "REFERRER^ROBERT");
    text(0x0008, 0x1010, "STATION1");
    text(
        0x0008,
        0x1030,
        pick(&["CT Chest with contrast", "MR Knee", "Abdomen", "Skull 2 planes"], scattered >> 24),
    );
    text(0x0008, 0x103E, "Series 1");
    text(
        0x0010,
        0x0010,
        &format!("{}{}^{}", pick(FAMILY, patient), patient / 1000, pick(GIVEN, patient >> 3)),
    );
    text(0x0010, 0x0020, &format!("PID{patient:07}"));
    text(0x0010, 0x0030, &format!("19{:02}0{}1{}", patient % 100, patient % 9 + 1, patient % 9));
    text(0x0010, 0x0040, pick(&["F", "M"], patient));
    text(0x0010, 0x1010, "045Y");
    text(0x0018, 0x0015, "CHEST");
    text(0x0020, 0x000D, &format!("1.2.826.0.1.3680043.8.498.{scattered}"));
    text(0x0020, 0x000E, &format!("1.2.826.0.1.3680043.8.498.{scattered}.1"));
    text(0x0020, 0x0010, &format!("S{number}"));
    text(0x0020, 0x0011, "1");
    text(0x0020, 0x0013, &image.to_string());
    let rows = 512_u16.to_le_bytes();
    data_set.set(Tag(0x0028, 0x0010), Vr::US, &rows);
    data_set.set(Tag(0x0028, 0x0011), Vr::US, &rows);
    data_set
}

fn row(number: u64, image: u64) -> Outcome<InstanceRow> {
    let encoding = Encoding::ExplicitLittleEndian;
    let mut walker = Walker::new(encoding, keys::wanted_tags());
    walker.push(&data_set(number, image).to_bytes(encoding))?;
    let syntax = Uid::parse(vocabulary::transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN)?;
    Ok(InstanceRow::extract(&walker.finish()?, &syntax)?)
}

fn location(number: u64) -> Outcome<Location> {
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&number.to_le_bytes());
    Ok(Location {
        day: Day::from_number(20240102)?,
        version: 1,
        bytes: 527_000,
        data_set_offset: 340,
        digest,
        received_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_704_153_600_000 + number),
        source_ae_title: Some(AeTitle::parse("CT1")?),
    })
}

fn fill(path: &Path, studies: u64) -> Outcome<()> {
    if path.exists() {
        return Ok(());
    }
    let started = Instant::now();
    let mut recording = Duration::ZERO;
    let new = path.with_extension("new");
    let mut filling = Filling::begin(&new)?;
    for number in 0..studies {
        let (row, location) = (row(number, 1)?, location(number)?);
        let began = Instant::now();
        drop(filling.record(&row, &location)?);
        recording += began.elapsed();
    }
    let began = Instant::now();
    filling.finish()?;
    std::fs::rename(new, path)?;
    println!(
        "filling: {studies} new studies of one instance in {:.1} s, {:.0}/s recording alone; then {:?} to finish",
        started.elapsed().as_secs_f64(),
        f64::from(u32::try_from(studies)?) / recording.as_secs_f64(),
        began.elapsed()
    );
    println!("file: {} MB", std::fs::metadata(path)?.len() / 1_000_000);
    Ok(())
}

/// The processor time that this process has used.
fn processor_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn percentiles(mut times: Vec<Duration>) -> String {
    times.sort();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len() - 1)).copied().unwrap_or_default()
    };
    format!("p50 {:?}, p99 {:?}, worst {:?}", at(0.5), at(0.99), at(1.0))
}

/// Does what the housekeeper does while others write, until it is dropped.
struct Housekeeper {
    stop: std::sync::mpsc::Sender<()>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Housekeeper {
    fn start(path: &Path) -> Outcome<Self> {
        let catalog = Catalog::open(path, Access::ReadWrite)?;
        let (stop, stopped) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let waiting = Err(std::sync::mpsc::RecvTimeoutError::Timeout);
            while stopped.recv_timeout(Duration::from_millis(20)) == waiting {
                if catalog.log_bytes().is_ok_and(|bytes| bytes > 8_000_000) {
                    catalog.checkpoint().ok();
                }
            }
        });
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Housekeeper {
    fn drop(&mut self) {
        self.stop.send(()).ok();
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn extract() -> Outcome<()> {
    let encoding = Encoding::ExplicitLittleEndian;
    let bytes = data_set(1, 1).to_bytes(encoding);
    let syntax = Uid::parse(vocabulary::transfer_syntax::EXPLICIT_VR_LITTLE_ENDIAN)?;
    let mut times = Vec::new();
    for _ in 0..5_000 {
        let mut walker = Walker::new(encoding, keys::wanted_tags());
        walker.push(&bytes)?;
        let attributes = walker.finish()?;
        let began = Instant::now();
        std::hint::black_box(InstanceRow::extract(&attributes, &syntax)?);
        times.push(began.elapsed());
    }
    println!("extract:               {}", percentiles(times));
    Ok(())
}

fn record_one_by_one(path: &Path, base: u64) -> Outcome<()> {
    let mut catalog = Catalog::open(path, Access::ReadWrite)?;
    let (mut times, mut used) = (Vec::new(), Duration::ZERO);
    for image in 0..5_000 {
        let (row, location) = (row(base, image)?, location(base + image)?);
        let began = Instant::now();
        let processor = processor_time();
        drop(catalog.record(&row, &location)?);
        used += processor_time() - processor;
        times.push(began.elapsed());
    }
    println!("record, one series:    {}, processor {:?} each", percentiles(times), used / 5_000);
    let (mut times, mut used) = (Vec::new(), Duration::ZERO);
    for number in 1..2_000 {
        let (row, location) = (row(base + number, 1)?, location(base + number)?);
        let began = Instant::now();
        let processor = processor_time();
        drop(catalog.record(&row, &location)?);
        used += processor_time() - processor;
        times.push(began.elapsed());
    }
    println!("record, new studies:   {}, processor {:?} each", percentiles(times), used / 2_000);
    Ok(())
}

/// As `reindex` does it: series of 100 images, each walked and extracted too.
fn fill_series(base: u64) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (mut recording, mut count) = (Duration::ZERO, 0_u32);
    let mut filling = Filling::begin(&folder.path().join("filled.sqlite"))?;
    for number in base..base + 300 {
        for image in 0..100 {
            let (row, location) = (row(number, image)?, location(number * 1_000 + image)?);
            let began = Instant::now();
            drop(filling.record(&row, &location)?);
            recording += began.elapsed();
            count += 1;
        }
    }
    let began = Instant::now();
    filling.finish()?;
    recording += began.elapsed();
    println!("filling, 100 a series: {:.0}/s recording alone", f64::from(count) / recording.as_secs_f64());
    Ok(())
}

fn record_together(path: &Path, base: u64, writers: u64) -> Outcome<()> {
    let started = Instant::now();
    let each = 20_000 / writers;
    let threads: Vec<_> = (0..writers)
        .map(|writer| {
            let path = path.to_owned();
            std::thread::spawn(move || -> Result<Vec<Duration>, String> {
                let run = || -> Outcome<Vec<Duration>> {
                    let mut catalog = Catalog::open(&path, Access::ReadWrite)?;
                    let number = base + writer;
                    let rows: Vec<_> = (0..each).map(|image| row(number, image)).collect::<Result<_, _>>()?;
                    let mut times = Vec::new();
                    for (image, row) in (0..).zip(&rows) {
                        let location = location(number * 100_000 + image)?;
                        let began = Instant::now();
                        drop(catalog.record(row, &location)?);
                        times.push(began.elapsed());
                    }
                    Ok(times)
                };
                run().map_err(|error| error.to_string())
            })
        })
        .collect();
    let mut times = Vec::new();
    for thread in threads {
        times.extend(thread.join().map_err(|_| "a writer panicked")??);
    }
    println!(
        "record, {writers:2} writers:    {:.0}/s in all (rows made meanwhile), {}",
        times.len() as f64 / started.elapsed().as_secs_f64(),
        percentiles(times)
    );
    Ok(())
}

fn ask(catalog: &Catalog, name: &str, level: &str, keys: &[(u16, u16, &str)]) -> Outcome<()> {
    let mut identifier = Identifier::new();
    identifier.set(Tag(0x0008, 0x0052), Vr::CS, level.as_bytes());
    for (group, element, value) in keys {
        let tag = Tag(*group, *element);
        identifier.set(tag, dataset::vr_of(tag), value.as_bytes());
    }
    let title = AeTitle::parse("ARCHIVE")?;
    let (mut totals, mut firsts) = (Vec::new(), Vec::new());
    let (mut matches_found, mut bytes_written) = (0_u64, 0_usize);
    let mut bytes = Vec::new();
    let began_all = Instant::now();
    while totals.len() < 200 && (totals.len() < 3 || began_all.elapsed() < Duration::from_secs(3)) {
        let began = Instant::now();
        let query = Query::from_identifier(InformationModel::StudyRoot, &identifier, &QueryRules::STANDARD)?;
        let mut find = catalog.find(&query)?;
        let mut matches = find.matches()?;
        let mut encoder = Encoder::new(&query, Encoding::ImplicitLittleEndian, &title);
        (matches_found, bytes_written) = (0, 0);
        while let Some(answer) = matches.next()? {
            bytes.clear();
            encoder.encode(&answer, &mut bytes)?;
            if matches_found == 0 {
                firsts.push(began.elapsed());
            }
            matches_found += 1;
            bytes_written += bytes.len();
        }
        totals.push(began.elapsed());
    }
    totals.sort();
    firsts.sort();
    let median = totals.get(totals.len() / 2).copied().unwrap_or_default();
    println!(
        "{name:28} {matches_found:8} matches  {median:12?}  first {:10?}  {:6.2} us a match, {bytes_written} bytes",
        firsts.get(firsts.len() / 2).copied().unwrap_or_default(),
        median.as_secs_f64() * 1e6 / (matches_found.max(1)) as f64,
    );
    Ok(())
}

/// The keys of a usual study list, twelve of them.
fn study_list<'k>(asked: &[(u16, u16, &'k str)]) -> Vec<(u16, u16, &'k str)> {
    let mut keys: Vec<(u16, u16, &str)> = [
        (0x0008, 0x0020),
        (0x0008, 0x0030),
        (0x0008, 0x0050),
        (0x0008, 0x0061),
        (0x0008, 0x1030),
        (0x0010, 0x0010),
        (0x0010, 0x0020),
        (0x0010, 0x0030),
        (0x0010, 0x0040),
        (0x0020, 0x000D),
        (0x0020, 0x1206),
        (0x0020, 0x1208),
    ]
    .map(|(group, element)| (group, element, ""))
    .to_vec();
    for (group, element, value) in asked {
        keys.retain(|(g, e, _)| (g, e) != (group, element));
        keys.push((*group, *element, value));
    }
    keys.sort_unstable();
    keys
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let studies: u64 = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.next().map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{studies}.sqlite"));
    println!("{studies} studies");
    fill(&path, studies)?;
    let began = Instant::now();
    let catalog = Catalog::open(&path, Access::ReadOnly)?;
    println!("open: {:?}", began.elapsed());
    let uid = format!("1.2.826.0.1.3680043.8.498.{}", (studies / 3).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let patient = format!("PID{:07}", studies / 4);
    let accession = format!("ACC{:08}", studies / 2);
    ask(&catalog, "Patient ID", "STUDY", &study_list(&[(0x0010, 0x0020, &patient)]))?;
    ask(&catalog, "Study UID", "STUDY", &study_list(&[(0x0020, 0x000D, &uid)]))?;
    ask(&catalog, "Accession Number", "STUDY", &study_list(&[(0x0008, 0x0050, &accession)]))?;
    ask(
        &catalog,
        "series of a study",
        "SERIES",
        &[(0x0020, 0x000D, &uid), (0x0020, 0x000E, ""), (0x0008, 0x0060, ""), (0x0020, 0x1209, "")],
    )?;
    ask(
        &catalog,
        "images of a study",
        "IMAGE",
        &[(0x0020, 0x000D, &uid), (0x0008, 0x0018, ""), (0x0020, 0x0013, ""), (0x0028, 0x0010, "")],
    )?;
    ask(&catalog, "name prefix SMITH1*", "STUDY", &study_list(&[(0x0010, 0x0010, "SMITH1*")]))?;
    ask(&catalog, "name prefix SMITH1^A*", "STUDY", &study_list(&[(0x0010, 0x0010, "SMITH1^A*")]))?;
    ask(&catalog, "one week", "STUDY", &study_list(&[(0x0008, 0x0020, "20100101-20100107")]))?;
    ask(
        &catalog,
        "one week, CT",
        "STUDY",
        &study_list(&[(0x0008, 0x0020, "20100101-20100107"), (0x0008, 0x0061, "CT")]),
    )?;
    ask(
        &catalog,
        "one year, CT",
        "STUDY",
        &study_list(&[(0x0008, 0x0020, "20100101-20101231"), (0x0008, 0x0061, "CT")]),
    )?;
    ask(&catalog, "contains *SMI*", "STUDY", &study_list(&[(0x0010, 0x0010, "*SMI*")]))?;
    ask(&catalog, "contains *ITH1^*", "STUDY", &study_list(&[(0x0010, 0x0010, "*ITH1^*")]))?;
    ask(&catalog, "contains *H1* (short)", "STUDY", &study_list(&[(0x0010, 0x0010, "*9^*")]))?;
    ask(
        &catalog,
        "name and week",
        "STUDY",
        &study_list(&[(0x0010, 0x0010, "S*"), (0x0008, 0x0020, "20100101-20100107")]),
    )?;
    ask(&catalog, "all", "STUDY", &study_list(&[]))?;
    drop(catalog);
    extract()?;
    let _housekeeper = Housekeeper::start(&path)?;
    record_one_by_one(&path, 3_000_000_000)?;
    fill_series(5_000_000_000)?;
    for writers in [1, 4, 10] {
        record_together(&path, 4_000_000_000 + writers * 1_000, writers)?;
    }
    Ok(())
}
