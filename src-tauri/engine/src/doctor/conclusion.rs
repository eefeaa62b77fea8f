//! What all findings mean together. Pure.

use super::finding::{Check, Finding, Verdict};

/// The key of the sentence that sums up an examination.
pub fn conclude(findings: &[Finding]) -> &'static str {
    let verdict = |check| {
        let of = findings.iter().find(|finding| finding.check == check);
        of.map_or(Verdict::Skipped, |finding| finding.verdict)
    };
    let device_fails = [Check::Camera, Check::Microphone, Check::Speaker]
        .into_iter()
        .any(|check| verdict(check) == Verdict::Bad);
    match verdict(Check::Server) {
        Verdict::Bad => return "doctor.conclusion.server",
        // Only this computer was looked at.
        Verdict::Skipped if device_fails => return "doctor.conclusion.devices.alone",
        Verdict::Skipped => return "doctor.conclusion.fine.alone",
        Verdict::Fine | Verdict::Weak => {}
    }
    let any_way = |wanted: Verdict| Check::WAYS.into_iter().any(|way| verdict(way) == wanted);
    let weak = findings.iter().any(|it| it.verdict == Verdict::Weak);
    if !any_way(Verdict::Fine) && any_way(Verdict::Weak) {
        "doctor.conclusion.noWay"
    } else if device_fails {
        "doctor.conclusion.devices"
    } else if !any_way(Verdict::Fine) {
        // The server offers none, as one that is only for a local network.
        "doctor.conclusion.direct"
    } else if weak {
        "doctor.conclusion.weak"
    } else {
        "doctor.conclusion.fine"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An examination in which everything is fine but these.
    fn but(others: &[(Check, Verdict)]) -> Vec<Finding> {
        let of = |check| others.iter().find(|(other, _)| *other == check);
        Check::ALL
            .into_iter()
            .map(|check| Finding::new(check, of(check).map_or(Verdict::Fine, |it| it.1), ""))
            .collect()
    }

    #[test]
    fn one_way_that_works_is_enough_for_a_call() {
        let mut closed: Vec<_> = Check::WAYS.map(|way| (way, Verdict::Weak)).to_vec();
        assert_eq!(conclude(&but(&closed)), "doctor.conclusion.noWay");
        closed.pop();
        assert_eq!(conclude(&but(&closed)), "doctor.conclusion.weak");
        assert_eq!(conclude(&but(&[])), "doctor.conclusion.fine");
    }

    #[test]
    fn a_server_without_a_relay_leaves_the_direct_way() {
        let findings = but(&Check::WAYS.map(|way| (way, Verdict::Skipped)));
        assert_eq!(conclude(&findings), "doctor.conclusion.direct");
    }

    #[test]
    fn a_server_out_of_reach_comes_before_everything_else() {
        let findings = but(&[(Check::Server, Verdict::Bad), (Check::Camera, Verdict::Bad)]);
        assert_eq!(conclude(&findings), "doctor.conclusion.server");
    }

    #[test]
    fn a_device_that_fails_keeps_nobody_from_calling() {
        let findings = but(&[(Check::Camera, Verdict::Bad)]);
        assert_eq!(conclude(&findings), "doctor.conclusion.devices");
    }

    #[test]
    fn without_a_server_only_this_computer_is_judged() {
        let network = || (Check::Server, Verdict::Skipped);
        assert_eq!(conclude(&but(&[network()])), "doctor.conclusion.fine.alone");
        let findings = but(&[network(), (Check::Speaker, Verdict::Bad)]);
        assert_eq!(conclude(&findings), "doctor.conclusion.devices.alone");
    }
}
