use std::io::{self, Read};

use dataset::Identifier;
use storage_scu::{NotStored, Outgoing};
use vocabulary::{Encoding, Status, Tag, Uid};

use super::{Progress, RetrieveRules};

const STANDARD: RetrieveRules = RetrieveRules {
    patient_level: true,
    response_first: false,
    warnings_are_success: false,
    partial_failure_fails: false,
    stops_at_failure: false,
    compares_checksum: false,
};

const ANNEX_F: RetrieveRules = RetrieveRules {
    patient_level: true,
    response_first: true,
    warnings_are_success: true,
    partial_failure_fails: true,
    stops_at_failure: true,
    compares_checksum: false,
};

struct Instance(Uid);

impl Outgoing for Instance {
    fn sop_class_uid(&self) -> &Uid {
        &self.0
    }
    fn sop_instance_uid(&self) -> &Uid {
        &self.0
    }
    fn transfer_syntax_uid(&self) -> &Uid {
        &self.0
    }
    fn open(&self) -> io::Result<(Box<dyn Read>, u64)> {
        Ok((Box::new(io::empty()), 0))
    }
}

fn instance(n: usize) -> Instance {
    Instance(Uid::parse(&format!("1.2.{n}")).unwrap())
}

fn refused() -> Result<Status, NotStored> {
    Err(NotStored::Refused { status: Status::OUT_OF_RESOURCES, comment: None })
}

fn after(rules: RetrieveRules, results: Vec<Result<Status, NotStored>>) -> (Status, Progress) {
    let mut progress = Progress::new(results.len(), rules);
    for (n, result) in results.iter().enumerate() {
        progress.count(&instance(n), result);
    }
    (progress.outcome(None).status, progress)
}

#[test]
fn qr_089_all_sent_is_success_and_remaining_is_not_said() {
    let (status, progress) = after(STANDARD, vec![Ok(Status::SUCCESS), Ok(Status::SUCCESS)]);
    assert_eq!(status, Status::SUCCESS);
    assert_eq!(progress.final_counters().remaining, None, "sil_063");
    assert_eq!(progress.final_counters().completed, 2);
    assert_eq!(progress.identifier(Encoding::ImplicitLittleEndian), None);
}

#[test]
fn sil_061_nothing_to_send_is_success_with_zeros() {
    let (status, progress) = after(STANDARD, vec![]);
    assert_eq!(status, Status::SUCCESS);
    assert_eq!((progress.counters.completed, progress.counters.failed), (0, 0));
}

#[test]
fn dif_013_warnings_end_in_b000_and_under_annex_f_in_success() {
    let warned = || vec![Ok(Status::COERCION_OF_DATA_ELEMENTS), Ok(Status::SUCCESS)];
    assert_eq!(after(STANDARD, warned()).0, Status::SUB_OPERATIONS_COMPLETE_WITH_FAILURES);
    assert_eq!(after(ANNEX_F, warned()).0, Status::SUCCESS);
}

#[test]
fn dif_014_some_failures_end_in_b000_and_under_annex_f_in_a702() {
    let some = || vec![Ok(Status::SUCCESS), refused()];
    assert_eq!(after(STANDARD, some()).0, Status::SUB_OPERATIONS_COMPLETE_WITH_FAILURES);
    assert_eq!(after(ANNEX_F, some()).0, Status::CANNOT_PERFORM_SUB_OPERATIONS);
    let all = vec![refused(), Err(NotStored::NotTried)];
    assert_eq!(after(STANDARD, all).0, Status::CANNOT_PERFORM_SUB_OPERATIONS);
}

#[test]
fn qr_088_the_first_failure_ends_the_task_under_annex_f() {
    assert!(!Progress::new(2, ANNEX_F).count(&instance(0), &refused()));
    assert!(Progress::new(2, STANDARD).count(&instance(0), &refused()));
    assert!(Progress::new(2, ANNEX_F).count(&instance(0), &Ok(Status::SUCCESS)));
}

#[test]
fn sil_064_the_failed_instances_are_listed() {
    let (_, progress) = after(STANDARD, vec![refused(), Ok(Status::SUCCESS), Err(NotStored::Interrupted)]);
    let bytes = progress.identifier(Encoding::ExplicitLittleEndian).unwrap();
    let identifier = Identifier::read(&bytes, Encoding::ExplicitLittleEndian).unwrap();
    assert_eq!(identifier.texts(Tag(0x0008, 0x0058)), ["1.2.0", "1.2.2"]);
}

#[test]
fn a_list_too_long_for_its_element_is_cut_at_a_whole_uid() {
    let mut progress = Progress::new(20_000, STANDARD);
    for n in 0..20_000 {
        progress.count(&instance(n), &refused());
    }
    let bytes = progress.identifier(Encoding::ExplicitLittleEndian).unwrap();
    assert!(bytes.len() <= 0xFFFE + 8, "{}", bytes.len());
    let identifier = Identifier::read(&bytes, Encoding::ExplicitLittleEndian).unwrap();
    let list = identifier.texts(Tag(0x0008, 0x0058));
    let last = list.len() - 1;
    assert_eq!(list[last], format!("1.2.{last}"));
    assert_eq!(progress.counters.failed, 20_000);
}

#[test]
fn sil_054_a_cancelled_task_says_what_remains() {
    let mut progress = Progress::new(3, STANDARD);
    progress.count(&instance(0), &Ok(Status::SUCCESS));
    progress.cancelled = true;
    assert_eq!(progress.outcome(None).status, Status::CANCEL);
    assert_eq!(progress.final_counters().remaining, Some(2));
}
