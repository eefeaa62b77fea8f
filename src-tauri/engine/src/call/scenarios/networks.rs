//! This machine's own network, as the system tells of it.

use std::net::IpAddr;
use std::time::Duration;

use super::*;
use crate::network::NetworkChange;

const WIFI: &str = "192.168.1.7";
const CABLE: &str = "192.168.1.9";

/// The machine has these addresses from now on.
fn network(stage: &mut Stage, addresses: &[&str], moved: bool) -> Vec<Effect> {
    let addresses = addresses.iter().map(|ip| ip.parse::<IpAddr>().unwrap());
    stage.step(Event::Network(NetworkChange {
        addresses: addresses.collect(),
        moved,
    }))
}

/// Léa's picture flows, by our Wi-Fi.
fn by_wifi(n: u8) -> Stage {
    let mut stage = Stage::with(n);
    network(&mut stage, &[WIFI], false);
    stage.state.people[0].path.local = Some(format!("{WIFI}:50000"));
    stage
}

#[test]
fn without_a_network_it_is_said_at_once_and_when_it_is_back_all_is_made_anew() {
    let mut stage = by_wifi(7);
    assert_eq!(network(&mut stage, &[], false), []);
    assert_eq!(stage.state.trouble, Some(Trouble::Offline));
    stage.link(7, LinkChange::Disconnected);
    stage.step(Event::Signaling(SignalingEvent::Lost));
    assert_eq!(stage.after(Duration::from_secs(30)), [], "to no avail");
    assert_eq!(stage.names(), ["Léa"]);

    let effects = network(&mut stage, &[WIFI], true);
    assert_eq!(effects, [Effect::ReconnectServer]);
    let effects = stage.step(Event::Signaling(SignalingEvent::Resumed));
    assert!(effects.contains(&restarts(7)), "{effects:?}");
    assert_eq!(stage.state.trouble, None);
}

#[test]
fn a_cable_that_is_plugged_in_is_used_without_waiting_for_anything_to_die() {
    let mut stage = by_wifi(7);
    let effects = network(&mut stage, &[WIFI, CABLE], true);
    assert_eq!(effects, [Effect::ReconnectServer, restarts(7)]);
    assert_eq!(stage.state.people[0].connection, Connection::Connected);
    let mut stage = by_wifi(3);
    let effects = network(&mut stage, &[WIFI, CABLE], true);
    assert_eq!(effects, [Effect::ReconnectServer, asks(3, true)]);
    assert_eq!(stage.offers(3, 1), [accepts(3)]);
}

#[test]
fn an_address_that_goes_takes_the_paths_with_it_that_used_it() {
    let mut stage = by_wifi(7);
    network(&mut stage, &[WIFI, CABLE], false);
    let effects = network(&mut stage, &[CABLE], false);
    assert_eq!(effects, [Effect::ReconnectServer, restarts(7)]);

    let mut stage = by_wifi(7);
    network(&mut stage, &[WIFI, CABLE], false);
    let effects = network(&mut stage, &[WIFI], false);
    assert_eq!(effects, [Effect::ReconnectServer], "not used by anybody");
}

#[test]
fn an_address_on_the_side_disturbs_nobody() {
    let mut stage = by_wifi(7);
    assert_eq!(network(&mut stage, &[WIFI, "172.17.0.1"], false), []);
}

#[test]
fn after_a_sleep_everything_is_made_anew() {
    let mut stage = by_wifi(7);
    let effects = network(&mut stage, &[WIFI], true);
    assert_eq!(effects, [Effect::ReconnectServer, restarts(7)]);
}

#[test]
fn a_network_that_changes_again_in_the_middle_of_a_restart_is_followed() {
    let mut stage = by_wifi(7);
    network(&mut stage, &[CABLE], true);
    stage.answers(7, 1);
    let effects = network(&mut stage, &[WIFI], true);
    assert_eq!(effects, [Effect::ReconnectServer, restarts(7)]);
}

#[test]
fn a_call_on_one_machine_needs_no_network() {
    let mut stage = by_wifi(7);
    stage.state.server_here = true;
    network(&mut stage, &[], false);
    assert_eq!(stage.state.trouble, None);
}
