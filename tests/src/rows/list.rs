//! The rows. All links are impaired both ways; one of the two or three people has it, the others have a perfect one.
//!
//! Queues where the row names none: 200 ms, a modest router's, but 1 s before the link that is cut, a bad one's: that is
//! where a standing queue could stand.

use std::time::Duration;

use super::{Change, Limit, Row};
use crate::net::Impairment;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A link of a row that is about something else: 3 Mbit/s, 40 ms round trip.
const USUAL: Impairment = Impairment::round_trip(40).at_kbits(3000);

/// Before and after it is cut to 600 kbit/s.
const WIDE: Impairment = Impairment::round_trip(40).at_kbits(3000).queueing(1000);
const NARROW: Impairment = WIDE.at_kbits(600);

/// Every row, in the order of the table.
pub const ROWS: &[Row] = &[
    Row {
        name: "clean",
        link: "20 ms round trip, clean, 3 Mbit/s",
        people: 2,
        start: Impairment::round_trip(20).at_kbits(3000),
        script: &[],
        lasts: seconds(20),
        limits: &[
            Limit::Height(720),
            Limit::Fps(29.0),
            Limit::Freeze(0.0),
            Limit::Settled(5.0),
        ],
        every_run: false,
        rival: true,
    },
    Row {
        name: "loss-5",
        link: "5 % random loss, 40 ms round trip",
        people: 2,
        start: Impairment::round_trip(40).losing(5),
        script: &[],
        lasts: seconds(20),
        limits: &[
            Limit::Fps(28.0),
            Limit::Freeze(300.0),
            Limit::Late(150.0),
            Limit::Concealed(0.005),
        ],
        every_run: true,
        rival: true,
    },
    Row {
        name: "loss-10",
        link: "10 % random loss, 80 ms round trip",
        people: 2,
        start: Impairment::round_trip(80).losing(10),
        script: &[],
        lasts: seconds(20),
        limits: &[
            Limit::Fps(24.0),
            Limit::Frozen(0.01),
            Limit::Concealed(0.015),
        ],
        every_run: false,
        rival: true,
    },
    Row {
        name: "bursts",
        link: "3 % loss in bursts of 6, 40 ms round trip with 30 ms of jitter",
        people: 2,
        // Half a round trip must be longer than the jitter, or there is none towards less.
        start: Impairment::round_trip(40)
            .losing(3)
            .in_bursts_of(6)
            .jittering(30),
        script: &[],
        lasts: seconds(20),
        limits: &[
            Limit::Fps(26.0),
            Limit::Frozen(0.01),
            Limit::Concealed(0.02),
        ],
        every_run: false,
        rival: true,
    },
    Row {
        name: "cut",
        link: "3 Mbit/s cut to 600 kbit/s for 30 s, then back; 40 ms round trip, 1 s queue",
        people: 2,
        start: WIDE,
        script: &[
            (seconds(10), Change::Link(NARROW)),
            (seconds(40), Change::Link(WIDE)),
        ],
        lasts: seconds(52),
        limits: &[
            Limit::Standing {
                from: 13.0,
                to: 40.0,
                longest: 200.0,
            },
            Limit::Used {
                from: 15.0,
                to: 40.0,
                kbits: 600.0,
                share: 0.8,
            },
            Limit::Gap {
                from: 2.0,
                longest: 200.0,
            },
            Limit::HighAgain {
                from: 40.0,
                height: 720,
                within: 8.0,
            },
        ],
        every_run: false,
        rival: true,
    },
    Row {
        name: "cut-short",
        link: "3 Mbit/s cut to 600 kbit/s for 10 s, then back; 40 ms round trip, 1 s queue",
        people: 2,
        start: WIDE,
        script: &[
            (seconds(6), Change::Link(NARROW)),
            (seconds(16), Change::Link(WIDE)),
        ],
        lasts: seconds(25),
        limits: &[
            Limit::Standing {
                from: 9.0,
                to: 16.0,
                longest: 200.0,
            },
            Limit::Used {
                from: 10.0,
                to: 16.0,
                kbits: 600.0,
                share: 0.8,
            },
            Limit::Gap {
                from: 2.0,
                longest: 200.0,
            },
            Limit::HighAgain {
                from: 16.0,
                height: 720,
                within: 8.0,
            },
        ],
        every_run: false,
        rival: false,
    },
    Row {
        name: "narrow",
        link: "250 kbit/s, steady, 40 ms round trip, 500 ms queue",
        people: 2,
        start: Impairment::round_trip(40).at_kbits(250).queueing(500),
        script: &[],
        lasts: seconds(20),
        limits: &[Limit::Concealed(0.005), Limit::Fps(10.0)],
        every_run: false,
        rival: true,
    },
    Row {
        name: "shared",
        link: "a TCP download shares 3 Mbit/s, 40 ms round trip, 200 ms queue",
        people: 2,
        start: USUAL,
        script: &[(seconds(8), Change::Download)],
        lasts: seconds(68),
        limits: &[Limit::Fair {
            from: 8.0,
            to: 68.0,
            share: 0.25,
        }],
        every_run: false,
        rival: true,
    },
    Row {
        name: "gone-3",
        link: "nothing passes for 3 s; 3 Mbit/s, 40 ms round trip",
        people: 2,
        start: USUAL,
        script: &[
            (seconds(6), Change::Link(USUAL.cut())),
            (seconds(9), Change::Link(USUAL)),
        ],
        lasts: seconds(16),
        limits: &[Limit::Back {
            since: 6.0,
            from: 9.0,
            within: 1.0,
        }],
        every_run: true,
        rival: true,
    },
    Row {
        name: "gone-20",
        link: "nothing passes for 20 s; 3 Mbit/s, 40 ms round trip",
        people: 2,
        start: USUAL,
        script: &[
            (seconds(6), Change::Link(USUAL.cut())),
            (seconds(26), Change::Link(USUAL)),
        ],
        lasts: seconds(36),
        limits: &[Limit::Back {
            since: 6.0,
            from: 26.0,
            within: 4.0,
        }],
        every_run: false,
        rival: true,
    },
    Row {
        name: "address",
        link: "the address changes; 3 Mbit/s, 40 ms round trip",
        people: 2,
        start: USUAL,
        script: &[(seconds(6), Change::Address)],
        lasts: seconds(14),
        limits: &[Limit::Back {
            since: 6.0,
            from: 6.0,
            within: 3.0,
        }],
        every_run: true,
        rival: true,
    },
    Row {
        name: "three",
        link: "three people, one of them behind 300 kbit/s, 40 ms round trip",
        people: 3,
        start: Impairment::round_trip(40).at_kbits(300),
        script: &[],
        lasts: seconds(20),
        limits: &[
            Limit::Strong {
                fps: 29.0,
                height: 720,
            },
            Limit::Weak { fps: 12.0 },
        ],
        every_run: false,
        rival: false,
    },
];

/// The row called `name`.
pub fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}
