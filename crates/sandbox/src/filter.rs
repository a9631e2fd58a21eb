//! seccomp: which system calls a process may make.
//!
//! Two filters. The first lets through what the table allows and answers everything else as a kernel would that does not
//! have the call (ENOSYS): C libraries try new calls and go on with older ones. The second ends the process for calls
//! that nothing of ours makes and an intruder does; the kernel takes the sterner of two answers. Calls that are
//! allowed whatever their arguments cost next to nothing: the kernel (5.11) keeps a bitmap of them.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

use crate::calls::{ALLOWED, Argument, Call, FORBIDDEN, Test, When};
use crate::enclose::has_action;
use crate::{Lacking, Role, SandboxError};

/// Whether there are filters for this kernel and machine.
pub(crate) fn is_there() -> bool {
    has_action("kill_process") && target().is_some()
}

fn target() -> Option<TargetArch> {
    TargetArch::try_from(std::env::consts::ARCH).ok()
}

/// Closes off the calls that `role` does not need.
pub(crate) fn confine(role: Role) -> Result<(), SandboxError> {
    let Some(target) = target() else {
        return Err(SandboxError::Lacking(Lacking::Seccomp));
    };
    let for_all = |forbidden: &&Call| role == Role::Association || !forbidden.keepers_may;
    let forbidden = rules(FORBIDDEN.iter().filter(for_all))?;
    // The order matters: the first filter leaves no way to set another.
    let (end, pass) = (SeccompAction::KillProcess, SeccompAction::Allow);
    apply(SeccompFilter::new(forbidden, pass.clone(), end, target)?)?;
    if role == Role::Association {
        let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
        apply(SeccompFilter::new(rules(ALLOWED.iter())?, unknown, pass, target)?)?;
    }
    Ok(())
}

fn apply(filter: SeccompFilter) -> Result<(), SandboxError> {
    let program: BpfProgram = filter.try_into()?;
    Ok(seccompiler::apply_filter(&program)?)
}

fn rules<'c>(calls: impl Iterator<Item = &'c Call>) -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    calls.map(|call| Ok((call.number, alternatives(call.when)?))).collect()
}

fn alternatives(when: When) -> Result<Vec<SeccompRule>, BackendError> {
    match when {
        When::Always => Ok(Vec::new()),
        When::One(alternatives, _) => alternatives.iter().map(|arguments| rule(arguments)).collect(),
    }
}

fn rule(arguments: &[Argument]) -> Result<SeccompRule, BackendError> {
    let condition = |argument: &Argument| {
        let Argument { index, test } = *argument;
        let int = |value: libc::c_int| u64::from(value.cast_unsigned());
        let (length, operator, value) = match test {
            Test::Is(value) => (SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, int(value)),
            Test::IsNot(value) => (SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, int(value)),
            Test::Has { of, value } => (SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(int(of)), int(value)),
            Test::IsNull => (SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0),
        };
        SeccompCondition::new(index, length, operator, value)
    };
    SeccompRule::new(arguments.iter().map(condition).collect::<Result<_, _>>()?)
}
