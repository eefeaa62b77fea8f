//! Which pictures of which layer go to one person.
//!
//! Every link is handed the pictures of all layers. It sends one layer at a time, and moves to
//! another at that one's next keyframe; until then the old one goes on, so that the other side sees
//! no gap. It knows nothing of layers: to it, one stream changes its size.
//!
//! Pure; costs a picture two comparisons.

use crate::transport::layer::Layer;
use crate::transport::take::Take;
use crate::video::EncodedVideo;

/// By how much one layer's encoder may be behind another's, 90 kHz: 10 s. A larger step back is a
/// clock that began anew.
const MAX_LAG: u32 = 900_000;

/// Chooses the pictures of one link.
#[derive(Debug, Default)]
pub(super) struct Selector {
    take: Take,
    /// The layer that is being sent; `None` before its first keyframe.
    current: Option<Layer>,
    /// Of the last picture that was chosen.
    timestamp: Option<u32>,
}

impl Selector {
    /// From now on this. Returns the layer of which a keyframe is needed.
    pub fn take(&mut self, take: Take) -> Option<Layer> {
        self.take = take;
        if take.layer.is_none() {
            self.current = None;
        }
        take.layer.filter(|layer| self.current != Some(*layer))
    }

    /// The layer that is wanted.
    pub fn wanted(&self) -> Option<Layer> {
        self.take.layer
    }

    /// The layer that is being sent.
    pub fn current(&self) -> Option<Layer> {
        self.current
    }

    /// Whether the layer that is wanted has yet to begin, with a keyframe.
    pub fn is_waiting(&self) -> bool {
        self.take.layer.is_some() && self.current != self.take.layer
    }

    /// Whether this picture is to be sent, and the timestamp to send it with: its own, unless the
    /// encoder of another layer was ahead of it.
    pub fn choose(&mut self, frame: &EncodedVideo) -> Option<u32> {
        let wanted = self.take.layer?;
        if frame.layer == wanted && frame.keyframe {
            self.current = Some(wanted);
        }
        let left_out = frame.droppable && !frame.keyframe && !self.take.every_frame;
        if self.current != Some(frame.layer) || left_out {
            return None;
        }
        let timestamp = match self.timestamp {
            Some(last) if last.wrapping_sub(frame.timestamp) < MAX_LAG => last.wrapping_add(1),
            _ => frame.timestamp,
        };
        self.timestamp = Some(timestamp);
        Some(timestamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn frame(layer: Layer, timestamp: u32, keyframe: bool, droppable: bool) -> EncodedVideo {
        EncodedVideo {
            timestamp,
            keyframe,
            layer,
            droppable,
            width: 640,
            height: 360,
            payloads: vec![Bytes::from_static(b"h264")],
        }
    }

    fn key(layer: Layer, timestamp: u32) -> EncodedVideo {
        frame(layer, timestamp, true, false)
    }

    fn delta(layer: Layer, timestamp: u32) -> EncodedVideo {
        frame(layer, timestamp, false, false)
    }

    fn take(layer: impl Into<Option<Layer>>) -> Take {
        Take {
            layer: layer.into(),
            every_frame: true,
        }
    }

    #[test]
    fn it_begins_with_a_keyframe_of_the_layer_that_is_wanted() {
        let mut selector = Selector::default();
        assert_eq!(selector.choose(&delta(Layer::High, 1)), None);
        assert_eq!(selector.choose(&key(Layer::Low, 2)), None);
        assert_eq!(selector.choose(&key(Layer::High, 3)), Some(3));
        assert_eq!(selector.choose(&delta(Layer::High, 4)), Some(4));
    }

    #[test]
    fn it_moves_on_the_keyframe_of_the_new_layer_and_the_old_one_goes_on_until_then() {
        let mut selector = Selector::default();
        selector.choose(&key(Layer::High, 1));
        assert_eq!(selector.take(take(Layer::Low)), Some(Layer::Low));
        assert_eq!(selector.choose(&delta(Layer::Low, 2)), None);
        assert_eq!(selector.choose(&delta(Layer::High, 2)), Some(2));
        assert!(selector.is_waiting());
        assert_eq!(selector.choose(&key(Layer::Low, 3)), Some(3));
        assert_eq!(selector.choose(&delta(Layer::High, 3)), None);
        assert_eq!(selector.choose(&delta(Layer::Low, 4)), Some(4));
        assert!(!selector.is_waiting());
        assert_eq!(selector.take(take(Layer::Low)), None, "nothing has changed");
    }

    #[test]
    fn one_who_changes_his_mind_before_the_keyframe_keeps_what_he_has() {
        let mut selector = Selector::default();
        selector.choose(&key(Layer::High, 1));
        selector.take(take(Layer::Low));
        assert_eq!(selector.take(take(Layer::High)), None);
        assert_eq!(selector.choose(&delta(Layer::High, 2)), Some(2));
    }

    #[test]
    fn a_keyframe_of_an_encoder_that_lags_behind_does_not_turn_time_back() {
        let mut selector = Selector::default();
        selector.choose(&key(Layer::High, u32::MAX));
        selector.choose(&delta(Layer::High, 2000));
        selector.take(take(Layer::Low));
        assert_eq!(selector.choose(&key(Layer::Low, u32::MAX)), Some(2001));
        assert_eq!(selector.choose(&delta(Layer::Low, 2000)), Some(2002));
        assert_eq!(selector.choose(&delta(Layer::Low, 5000)), Some(5000));
    }

    #[test]
    fn what_nothing_builds_on_is_left_out_when_that_is_wished() {
        let mut selector = Selector::default();
        selector.take(Take {
            layer: Some(Layer::High),
            every_frame: false,
        });
        assert_eq!(selector.choose(&key(Layer::High, 1)), Some(1));
        let droppable = frame(Layer::High, 2, false, true);
        assert_eq!(selector.choose(&droppable), None);
        assert_eq!(selector.choose(&delta(Layer::High, 3)), Some(3));
    }

    #[test]
    fn who_takes_nothing_gets_nothing_and_begins_again_with_a_keyframe() {
        let mut selector = Selector::default();
        selector.choose(&key(Layer::High, 1));
        assert_eq!(selector.take(take(None)), None);
        assert_eq!(selector.choose(&key(Layer::High, 2)), None);
        assert_eq!(selector.take(take(Layer::High)), Some(Layer::High));
        assert_eq!(selector.choose(&delta(Layer::High, 3)), None);
        assert_eq!(selector.choose(&key(Layer::High, 4)), Some(4));
    }

    /// Whatever is taken and whatever comes: pictures follow one another in time, and one that
    /// builds on another comes only after that.
    #[test]
    fn no_sequence_of_wishes_and_pictures_breaks_the_stream() {
        let mut random = 0x2545_f491u32;
        let mut below = move |bound: u32| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            random % bound
        };
        let mut selector = Selector::default();
        let mut sent: Option<(Layer, u32)> = None;
        for n in 0..50_000u32 {
            if below(20) == 0 {
                let layer = Layer::ALL.get(below(5) as usize).copied();
                let before = selector.current();
                let needed = selector.take(Take {
                    layer,
                    every_frame: below(2) == 0,
                });
                assert_eq!(needed.is_some(), layer.is_some() && before != layer);
                if layer.is_none() {
                    sent = None;
                }
            }
            let layer = Layer::ALL[below(4) as usize];
            let lag = below(3) * 3000;
            let frame = frame(
                layer,
                (n * 3000).wrapping_sub(lag),
                below(10) == 0,
                below(2) == 0,
            );
            let Some(timestamp) = selector.choose(&frame) else {
                continue;
            };
            assert!(frame.keyframe || sent.is_some_and(|(before, _)| before == layer));
            assert!(sent.is_none_or(|(_, before)| (timestamp.wrapping_sub(before) as i32) > 0));
            sent = Some((layer, timestamp));
        }
    }
}
