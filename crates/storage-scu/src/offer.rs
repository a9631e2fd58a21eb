//! Presentation contexts for the instances at hand (PS3.2 F.4.2.1.3.1.2).

use std::collections::BTreeMap;

use upper_layer::pdu::ProposedContext;
use vocabulary::{Uid, limits};

use crate::Outgoing;

/// How transfer syntaxes are laid out over proposed contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextLayout {
    /// One transfer syntax in each context, so that the peer says yes or no to every one (SCU-019).
    OneSyntaxEach,
    /// One context for each SOP class, of whose transfer syntaxes the peer chooses one (SCU-020).
    SeveralSyntaxes,
}

/// The contexts for some instances, cut so that each part fits into one association (SIL-015). A part is a
/// list of contexts; each SOP class and transfer syntax stands in one of them.
pub(crate) fn contexts<O: Outgoing>(instances: &[O], layout: ContextLayout) -> Vec<Vec<ProposedContext>> {
    let mut wanted: BTreeMap<&Uid, Vec<Uid>> = BTreeMap::new();
    for instance in instances {
        let syntaxes = wanted.entry(instance.sop_class_uid()).or_default();
        if !syntaxes.contains(instance.transfer_syntax_uid()) {
            syntaxes.push(instance.transfer_syntax_uid().clone());
        }
    }
    let proposals: Vec<(Uid, Vec<Uid>)> = match layout {
        ContextLayout::OneSyntaxEach => wanted
            .into_iter()
            .flat_map(|(class, syntaxes)| {
                syntaxes.into_iter().map(move |syntax| (class.clone(), vec![syntax]))
            })
            .collect(),
        ContextLayout::SeveralSyntaxes => {
            wanted.into_iter().map(|(class, syntaxes)| (class.clone(), syntaxes)).collect()
        }
    };
    proposals
        .chunks(limits::PRESENTATION_CONTEXTS_MAX)
        .map(|part| {
            // Identifiers are the odd numbers from 1 to 255 (PS3.8 9.3.2.2).
            (1..=u8::MAX)
                .step_by(2)
                .zip(part)
                .map(|(id, (abstract_syntax, transfer_syntaxes))| ProposedContext {
                    id,
                    abstract_syntax: abstract_syntax.clone(),
                    transfer_syntaxes: transfer_syntaxes.clone(),
                })
                .collect()
        })
        .collect()
}

/// Whether one of the proposed contexts is for the instance.
pub(crate) fn covers(contexts: &[ProposedContext], instance: &impl Outgoing) -> bool {
    contexts.iter().any(|context| {
        context.abstract_syntax == *instance.sop_class_uid()
            && context.transfer_syntaxes.contains(instance.transfer_syntax_uid())
    })
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::*;

    struct Instance(Uid, Uid);

    impl Outgoing for Instance {
        fn sop_class_uid(&self) -> &Uid {
            &self.0
        }
        fn sop_instance_uid(&self) -> &Uid {
            &self.0
        }
        fn transfer_syntax_uid(&self) -> &Uid {
            &self.1
        }
        fn open(&self) -> io::Result<(Box<dyn Read>, u64)> {
            Ok((Box::new(io::empty()), 0))
        }
    }

    fn instances(classes: u32, syntaxes: u32) -> Vec<Instance> {
        let uid = |root: &str, n: u32| Uid::parse(&format!("{root}.{n}")).unwrap();
        let each =
            move |class| (0..syntaxes).map(move |syntax| Instance(uid("1.1", class), uid("1.2", syntax)));
        (0..classes).flat_map(each).collect()
    }

    #[test]
    fn scu_019_each_context_holds_one_transfer_syntax() {
        let contexts = contexts(&instances(2, 3), ContextLayout::OneSyntaxEach);
        assert_eq!(contexts.len(), 1);
        assert_eq!(contexts[0].len(), 6);
        assert!(contexts[0].iter().all(|context| context.transfer_syntaxes.len() == 1));
        assert_eq!(contexts[0].iter().map(|c| c.id).collect::<Vec<_>>(), [1, 3, 5, 7, 9, 11]);
    }

    #[test]
    fn scu_020_one_context_for_each_class_on_request() {
        let contexts = contexts(&instances(2, 3), ContextLayout::SeveralSyntaxes);
        assert_eq!(contexts[0].iter().map(|c| c.transfer_syntaxes.len()).collect::<Vec<_>>(), [3, 3]);
    }

    #[test]
    fn sil_015_more_contexts_than_one_association_holds_are_cut() {
        let all = instances(50, 3);
        let parts = contexts(&all, ContextLayout::OneSyntaxEach);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [128, 22]);
        assert_eq!(parts[0].last().map(|context| context.id), Some(255));
        for instance in &all {
            assert_eq!(parts.iter().filter(|part| covers(part, instance)).count(), 1);
        }
    }
}
