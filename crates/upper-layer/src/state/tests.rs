use super::{Action, Event, State, action};

/// PS3.8 table 9-10: a line an event, a column a state, the action and the state it leads to.
///
/// `3|13` and `9|10` are the two actions whose next state depends on something (AE-6, AR-8).
const TABLE: &str = include_str!("table_9_10.txt");

/// `Ae6TakeAssociateRq` as `AE-6`, `Sta13AwaitClose` as `13`.
fn code(name: &str) -> (String, String) {
    let letters: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
    let number = name.chars().skip(letters.len()).take_while(char::is_ascii_digit).collect();
    (letters.to_uppercase(), number)
}

fn number(state: State) -> String {
    code(&format!("{state:?}")).1
}

fn cell(state: State, event: Event) -> String {
    let Some(action) = action(state, event) else { return "-".to_owned() };
    let (letters, count) = code(&format!("{action:?}"));
    let mut next: Vec<String> = [(true, true), (false, true), (false, false)]
        .map(|(is_taken, we_requested)| number(action.leads_to(is_taken, we_requested)))
        .to_vec();
    next.dedup();
    format!("{letters}-{count}:{}", next.join("|"))
}

#[test]
fn sil_025_every_cell_of_table_9_10_is_as_the_standard_has_it() {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    for event in Event::ALL {
        let line = lines.next().unwrap();
        let mut expected = line.split_whitespace();
        assert_eq!(expected.next(), Some(format!("Evt{}", code(&format!("{event:?}")).1).as_str()));
        for state in State::ALL {
            assert_eq!(expected.next(), Some(cell(state, event).as_str()), "{event:?} in {state:?}");
        }
        assert_eq!(expected.next(), None, "{line}");
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn every_state_and_event_is_in_its_place() {
    for (at, state) in State::ALL.into_iter().enumerate() {
        assert_eq!(number(state), (at + 1).to_string());
    }
    for (at, event) in Event::ALL.into_iter().enumerate() {
        assert_eq!(code(&format!("{event:?}")).1, (at + 1).to_string());
    }
}

#[test]
fn no_connection_that_stands_is_without_an_end() {
    for state in State::ALL.into_iter().filter(|state| *state != State::Sta1Idle) {
        let closed = action(state, Event::Evt17TransportClosed).map(|action| action.leads_to(true, true));
        assert_eq!(closed, Some(State::Sta1Idle), "{state:?}");
    }
}

#[test]
fn sil_022_artim_can_expire_only_where_it_runs() {
    for state in State::ALL {
        let runs = matches!(state, State::Sta2AwaitAssociateRq | State::Sta13AwaitClose);
        assert_eq!(action(state, Event::Evt18ArtimExpired), runs.then_some(Action::Aa2Close), "{state:?}");
    }
}
