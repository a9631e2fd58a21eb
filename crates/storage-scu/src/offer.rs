//! Presentation contexts for the instances at hand (PS3.2 F.4.2.1.3.1.2).

use std::collections::{BTreeMap, BTreeSet};

use conversion::{Rules, Stored, plan};
use upper_layer::pdu::ProposedContext;
use vocabulary::{Uid, limits, transfer_syntax};

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
/// list of contexts; all in which an instance can be sent stand in one part, as far as they fit.
pub(crate) fn contexts<O: Outgoing>(
    instances: &[O],
    layout: ContextLayout,
    rules: &Rules,
) -> Vec<Vec<ProposedContext>> {
    // By the pair of ultrasound classes, or by the class alone; then by class.
    let mut wanted: BTreeMap<Uid, BTreeMap<Uid, Vec<Uid>>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for instance in instances {
        let kind = (instance.sop_class_uid(), instance.transfer_syntax_uid());
        if !seen.insert(kind) {
            continue;
        }
        let contexts = candidates(instance, rules);
        let Some(family) = contexts.iter().map(|(class, _)| class).min().cloned() else { continue };
        let family = wanted.entry(family).or_default();
        for (class, syntax) in contexts {
            let syntaxes = family.entry(class).or_default();
            if !syntaxes.contains(&syntax) {
                syntaxes.push(syntax);
            }
        }
    }
    let mut parts: Vec<Vec<(Uid, Vec<Uid>)>> = vec![Vec::new()];
    for family in wanted.into_values() {
        let proposals: Vec<(Uid, Vec<Uid>)> =
            family.into_iter().flat_map(|(class, syntaxes)| laid_out(class, syntaxes, layout)).collect();
        for some in proposals.chunks(limits::PRESENTATION_CONTEXTS_MAX) {
            match parts.last_mut() {
                Some(part) if part.len() + some.len() <= limits::PRESENTATION_CONTEXTS_MAX => {
                    part.extend_from_slice(some);
                }
                _ => parts.push(some.to_vec()),
            }
        }
    }
    parts.into_iter().filter(|part| !part.is_empty()).map(numbered).collect()
}

/// The contexts of one class.
fn laid_out(class: Uid, syntaxes: Vec<Uid>, layout: ContextLayout) -> Vec<(Uid, Vec<Uid>)> {
    if layout == ContextLayout::OneSyntaxEach {
        return syntaxes.into_iter().map(|syntax| (class.clone(), vec![syntax])).collect();
    }
    let (compressed, plain): (Vec<Uid>, Vec<Uid>) = syntaxes.iter().cloned().partition(is_compressed);
    let mut contexts = vec![(class.clone(), syntaxes)];
    // The peer chooses one: for what cannot be in the one it chooses there is a second context.
    if !compressed.is_empty() && !plain.is_empty() {
        contexts.push((class, plain));
    }
    contexts
}

fn is_compressed(syntax: &Uid) -> bool {
    transfer_syntax::find(syntax.as_str()).is_some_and(|syntax| syntax.encapsulated)
}

/// Identifiers are the odd numbers from 1 to 255 (PS3.8 9.3.2.2).
fn numbered(part: Vec<(Uid, Vec<Uid>)>) -> Vec<ProposedContext> {
    let numbers = (1..=u8::MAX).step_by(2);
    let context = |(id, (abstract_syntax, transfer_syntaxes))| ProposedContext {
        id,
        abstract_syntax,
        transfer_syntaxes,
    };
    numbers.zip(part).map(context).collect()
}

fn candidates(instance: &impl Outgoing, rules: &Rules) -> Vec<plan::Context> {
    let stored = Stored {
        sop_class_uid: instance.sop_class_uid().clone(),
        sop_instance_uid: instance.sop_instance_uid().clone(),
        transfer_syntax_uid: instance.transfer_syntax_uid().clone(),
    };
    plan::contexts(&stored, rules)
}

/// Over which of the associations an instance is sent: the one with the best of its contexts. `None`: there is none
/// that it could be sent over.
pub(crate) fn part_of(
    parts: &[Vec<ProposedContext>],
    instance: &impl Outgoing,
    rules: &Rules,
) -> Option<usize> {
    if parts.len() == 1 {
        return has(parts.first()?, instance.sop_class_uid(), instance.transfer_syntax_uid())
            .then_some(0)
            .or_else(|| (!candidates(instance, rules).is_empty()).then_some(0));
    }
    let candidates = candidates(instance, rules);
    candidates.iter().find_map(|(class, syntax)| parts.iter().position(|part| has(part, class, syntax)))
}

fn has(part: &[ProposedContext], class: &Uid, syntax: &Uid) -> bool {
    part.iter().any(|context| context.abstract_syntax == *class && context.transfer_syntaxes.contains(syntax))
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

    fn uid(text: &str) -> Uid {
        Uid::parse(text).unwrap()
    }

    /// Instances of so many classes, each of them in so many transfer syntaxes that nothing is known of.
    fn instances(classes: u32, syntaxes: u32) -> Vec<Instance> {
        let each = move |class| {
            (0..syntaxes)
                .map(move |syntax| Instance(uid(&format!("1.1.{class}")), uid(&format!("1.2.{syntax}"))))
        };
        (0..classes).flat_map(each).collect()
    }

    fn proposed(instances: &[Instance], layout: ContextLayout, rules: &Rules) -> Vec<(String, Vec<String>)> {
        let parts = contexts(instances, layout, rules);
        assert_eq!(parts.len(), 1);
        let texts = |uids: &[Uid]| uids.iter().map(|uid| uid.as_str().to_owned()).collect();
        parts[0]
            .iter()
            .map(|c| (c.abstract_syntax.as_str().to_owned(), texts(&c.transfer_syntaxes)))
            .collect()
    }

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const US: &str = "1.2.840.10008.5.1.4.1.1.6.1";
    const US_RETIRED: &str = "1.2.840.10008.5.1.4.1.1.6";
    const IMPLICIT: &str = "1.2.840.10008.1.2";
    const EXPLICIT: &str = "1.2.840.10008.1.2.1";
    const RLE: &str = "1.2.840.10008.1.2.5";

    #[test]
    fn scu_003_scu_019_each_context_holds_one_transfer_syntax_that_the_instances_can_be_in() {
        let all = [Instance(uid(CT), uid(EXPLICIT)), Instance(uid(US), uid(RLE))];
        let one = |class: &str, syntax: &str| (class.to_owned(), vec![syntax.to_owned()]);
        assert_eq!(
            proposed(&all, ContextLayout::OneSyntaxEach, &Rules::default()),
            [
                one(CT, EXPLICIT),
                one(CT, IMPLICIT),
                one(US_RETIRED, RLE),
                one(US_RETIRED, EXPLICIT),
                one(US_RETIRED, IMPLICIT),
                one(US, RLE),
                one(US, EXPLICIT),
                one(US, IMPLICIT),
            ]
        );
    }

    #[test]
    fn scu_021_the_transfer_syntaxes_that_are_proposed_can_be_cut_down() {
        let rules = Rules { transfer_syntaxes: vec![uid(IMPLICIT)], ..Rules::default() };
        let all = [Instance(uid(CT), uid(RLE))];
        let proposed = proposed(&all, ContextLayout::OneSyntaxEach, &rules);
        assert_eq!(proposed, [(CT.to_owned(), vec![IMPLICIT.to_owned()])]);
    }

    #[test]
    fn scu_020_one_context_for_each_class_on_request_and_one_more_for_what_cannot_be_compressed() {
        let all = [Instance(uid(CT), uid(EXPLICIT)), Instance(uid(CT), uid(IMPLICIT))];
        let layout = ContextLayout::SeveralSyntaxes;
        let plain = vec![EXPLICIT.to_owned(), IMPLICIT.to_owned()];
        assert_eq!(proposed(&all, layout, &Rules::default()), [(CT.to_owned(), plain.clone())]);
        let all = [Instance(uid(CT), uid(RLE))];
        let several = vec![RLE.to_owned(), EXPLICIT.to_owned(), IMPLICIT.to_owned()];
        let expected = [(CT.to_owned(), several), (CT.to_owned(), plain)];
        assert_eq!(proposed(&all, layout, &Rules::default()), expected);
    }

    #[test]
    fn identifiers_of_contexts_are_odd() {
        let parts = contexts(&instances(2, 3), ContextLayout::OneSyntaxEach, &Rules::default());
        assert_eq!(parts[0].iter().map(|c| c.id).collect::<Vec<_>>(), [1, 3, 5, 7, 9, 11]);
    }

    #[test]
    fn sil_015_more_contexts_than_one_association_holds_are_cut_between_classes() {
        let all = instances(50, 3);
        let rules = Rules::default();
        let parts = contexts(&all, ContextLayout::OneSyntaxEach, &rules);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [126, 24]);
        assert_eq!(parts[0].last().map(|context| context.id), Some(251));
        for instance in &all {
            let part = &parts[part_of(&parts, instance, &rules).unwrap()];
            assert!(has(part, instance.sop_class_uid(), instance.transfer_syntax_uid()));
        }
    }

    #[test]
    fn what_can_be_sent_over_no_context_belongs_to_no_association() {
        let rules = Rules { transfer_syntaxes: vec![uid(IMPLICIT)], ..Rules::default() };
        let all = [Instance(uid(CT), uid(EXPLICIT)), Instance(uid(CT), uid("1.2.840.10008.1.2.4.80"))];
        let parts = contexts(&all, ContextLayout::OneSyntaxEach, &rules);
        assert_eq!(all.each_ref().map(|one| part_of(&parts, one, &rules)), [Some(0), None]);
    }
}
