//! Seeded numbers, UIDs, names and dates.

#[derive(Clone)]
pub struct Rng(pub u64);
impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        ((self.next() as u128 * n as u128) >> 64) as u64
    }
}
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
pub fn hash(parts: &[u64]) -> u64 {
    let mut h = 0x1234_5678_9ABC_DEF0u64;
    for p in parts {
        h = mix(h ^ p.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x632B_E593);
    }
    mix(h)
}
/// A UID of the 2.25 form (UUID as a decimal number), as PACS and modalities make them.
pub fn uid(parts: &[u64]) -> String {
    let a = hash(parts);
    let b = mix(a ^ 0xA5A5_5A5A_DEAD_BEEF);
    let mut v = ((a as u128) << 64) | b as u128;
    v &= !(0xF000u128 << 64);
    v |= 0x4000u128 << 64;
    v &= !(0xC0u128 << 56);
    v |= 0x80u128 << 56;
    format!("2.25.{}", v)
}
pub fn study_uid(seed: u64, st: u64) -> String {
    uid(&[seed, 1, st])
}
pub fn series_uid(seed: u64, st: u64, se: u64) -> String {
    uid(&[seed, 2, st, se])
}
pub fn sop_uid(seed: u64, st: u64, se: u64, i: u64) -> String {
    uid(&[seed, 3, st, se, i])
}

/// One character of a data element's value that goes on the wire, with its character set.
#[derive(Clone)]
pub struct Name {
    pub charset: &'static str,
    pub bytes: Vec<u8>,
}

pub const FAMILY: &[&str] = &[
    "SMITH",
    "JOHNSON",
    "WILLIAMS",
    "BROWN",
    "JONES",
    "GARCIA",
    "MILLER",
    "DAVIS",
    "RODRIGUEZ",
    "MARTINEZ",
    "HERNANDEZ",
    "LOPEZ",
    "GONZALEZ",
    "WILSON",
    "ANDERSON",
    "THOMAS",
    "TAYLOR",
    "MOORE",
    "JACKSON",
    "MARTIN",
    "LEE",
    "PEREZ",
    "THOMPSON",
    "WHITE",
    "HARRIS",
    "SANCHEZ",
    "CLARK",
    "RAMIREZ",
    "LEWIS",
    "ROBINSON",
    "WALKER",
    "YOUNG",
    "ALLEN",
    "KING",
    "WRIGHT",
    "SCOTT",
    "TORRES",
    "NGUYEN",
    "HILL",
    "FLORES",
    "GREEN",
    "ADAMS",
    "NELSON",
    "BAKER",
    "HALL",
    "RIVERA",
    "CAMPBELL",
    "MITCHELL",
    "CARTER",
    "ROBERTS",
    "GOLDSMITH",
    "SMITHERS",
    "SMIRNOV",
    "KOSMIDIS",
    "MUELLER",
    "SCHNEIDER",
    "FISCHER",
    "WEBER",
    "MEYER",
    "WAGNER",
    "BECKER",
    "SCHULZ",
    "HOFFMANN",
    "ROSSI",
    "RUSSO",
    "FERRARI",
    "ESPOSITO",
    "BIANCHI",
    "DUBOIS",
    "LAURENT",
    "LEFEBVRE",
    "MOREL",
    "FOURNIER",
    "GIRARD",
    "BONNET",
    "JANSEN",
    "DEVRIES",
    "BAKKER",
    "VISSER",
    "SMIT",
    "NOVAK",
    "KOWALSKI",
    "NAGY",
    "HORVAT",
    "POPESCU",
    "IVANOVA",
    "PETROV",
    "SILVA",
    "SANTOS",
    "OLIVEIRA",
    "TANAKA",
    "SUZUKI",
    "WANG",
    "LI",
    "ZHANG",
    "KIM",
    "PARK",
    "CHOI",
    "SINGH",
    "PATEL",
];
const GIVEN: &[&str] = &[
    "JAMES",
    "MARY",
    "JOHN",
    "PATRICIA",
    "ROBERT",
    "JENNIFER",
    "MICHAEL",
    "LINDA",
    "WILLIAM",
    "ELIZABETH",
    "DAVID",
    "BARBARA",
    "RICHARD",
    "SUSAN",
    "JOSEPH",
    "JESSICA",
    "THOMAS",
    "SARAH",
    "CHARLES",
    "KAREN",
    "ANNA",
    "PETER",
    "PAUL",
    "MARIA",
    "LUCA",
    "GIULIA",
    "HANS",
    "INGRID",
    "PIERRE",
    "CAMILLE",
];
const CYR_FAMILY: &[&str] = &[
    "Иванов",
    "Смирнов",
    "Кузнецов",
    "Попов",
    "Васильев",
    "Петров",
    "Соколов",
    "Михайлов",
    "Новиков",
    "Фёдоров",
];
const CYR_GIVEN: &[&str] =
    &["Александр", "Сергей", "Елена", "Татьяна", "Дмитрий", "Ольга", "Андрей", "Наталья"];
const JP: &[(&str, &str, &str)] = &[
    ("Yamada^Tarou", "山田^太郎", "やまだ^たろう"),
    ("Suzuki^Hanako", "鈴木^花子", "すずき^はなこ"),
    ("Satou^Kenji", "佐藤^健二", "さとう^けんじ"),
    ("Takahashi^Yuki", "高橋^由紀", "たかはし^ゆき"),
    ("Watanabe^Akira", "渡辺^明", "わたなべ^あきら"),
];

fn iso8859_5(s: &str) -> Vec<u8> {
    s.chars()
        .map(|c| match c as u32 {
            0x20..=0x7E => c as u8,
            0x401 => 0xA1,
            0x410..=0x44F => (c as u32 - 0x410 + 0xB0) as u8,
            0x451 => 0xF1,
            _ => b'?',
        })
        .collect()
}

pub fn patient_name(seed: u64, p: u64) -> Name {
    let mut r = Rng(hash(&[seed, 4, p]));
    let k = r.below(100);
    if k < 4 {
        // the example of PS3.5 annex H: ISO 2022 IR 87 with escape sequences
        if r.below(2) == 0 {
            return Name {
                charset: "\\ISO 2022 IR 87",
                bytes:
                    b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"
                        .to_vec(),
            };
        }
        let n = JP[r.below(JP.len() as u64) as usize];
        return Name { charset: "ISO_IR 192", bytes: format!("{}={}={}", n.0, n.1, n.2).into_bytes() };
    }
    if k < 8 {
        let f = CYR_FAMILY[r.below(CYR_FAMILY.len() as u64) as usize];
        let g = CYR_GIVEN[r.below(CYR_GIVEN.len() as u64) as usize];
        return Name { charset: "ISO_IR 144", bytes: iso8859_5(&format!("{}^{}", f, g)) };
    }
    let f = FAMILY[r.below(FAMILY.len() as u64) as usize];
    let g = GIVEN[r.below(GIVEN.len() as u64) as usize];
    Name { charset: "ISO_IR 100", bytes: format!("{}^{}", f, g).into_bytes() }
}

/// Days since 1970-01-01 to YYYYMMDD (Howard Hinnant's algorithm).
pub fn ymd(days: i64) -> String {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    let y = yoe + era * 400 + if m <= 2 { 1 } else { 0 };
    format!("{:04}{:02}{:02}", y, m, d)
}
pub const DAY0: i64 = 16_436; // 2015-01-01
pub const DAYS: u64 = 3652; // ten years
