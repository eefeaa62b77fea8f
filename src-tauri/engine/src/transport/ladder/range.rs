//! How dear each layer may be, which layers a camera gives, and what of a bandwidth is left for a picture. Pure.

use crate::transport::bitrate::Bitrate;
use crate::transport::layer::Layer;

/// From the least bits at which a layer looks like something to the most that are of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// With less the layer below looks better.
    pub least: Bitrate,
    /// More changes nothing that an eye would see.
    pub most: Bitrate,
}

impl Range {
    /// Measured with the test pattern (`each_layer_at_many_rates` among the tests of `video`), which is harder than a face.
    ///
    /// The least: what the encoder needs to leave out no more than a tenth of the frames, from 360p up (31 dB at 200,
    /// 39 dB at 700, 41 dB at 2000), because below it the layer under it has all frames and more of each. The smallest
    /// has none under it: at 40, where it is smaller still, half of its frames are left. The most: where half as many bits again add less than 1 to
    /// 2 dB (36 dB at 250, 43.5 dB at 800, 42.8 dB at 1800, 42.4 dB at 3500).
    const fn of(layer: Layer) -> Self {
        let (least, most) = match layer {
            Layer::Low => (40, 250),
            Layer::Middle => (200, 800),
            Layer::High => (700, 1_800),
            Layer::Full => (2_000, 3_500),
        };
        Self {
            least: Bitrate::from_kbps(least),
            most: Bitrate::from_kbps(most),
        }
    }

    /// The rate within this range that is nearest.
    pub fn nearest(&self, rate: Bitrate) -> Bitrate {
        rate.clamp(self.least, self.most)
    }
}

/// The layers that can be made of the source at hand, each with its range; `None` cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer([Option<Range>; 4]);

/// Taken for the source while no picture has come yet: what most cameras give.
const USUAL_SOURCE: (u32, u32) = (1280, 720);

/// The whole source is a layer of its own only if it has this many times the pixels of the layer below; else
/// two encoders would make nearly the same.
const WORTH_A_LAYER: f64 = 1.5;

/// Bits grow slower than pixels: half the pixels need 0.6 of the bits. The ranges above follow the same power.
const BITS_PER_PIXELS: f64 = 0.75;

impl Offer {
    /// What a source of this size gives, up to the layer `top`.
    pub fn of(source: Option<(u32, u32)>, top: Layer) -> Self {
        let source = source.unwrap_or(USUAL_SOURCE);
        let mut offer = [None; 4];
        for layer in Layer::ALL.into_iter().filter(|layer| *layer <= top) {
            let share = pixels(fitted(source, layer.size())) / pixels(layer.size());
            let below = layer
                .below()
                .map_or(0.0, |below| pixels(fitted(source, below.size())));
            if pixels(fitted(source, layer.size())) < below * WORTH_A_LAYER {
                break;
            }
            let factor = share.min(1.0).powf(BITS_PER_PIXELS);
            let whole = Range::of(layer);
            offer[layer.index()] = Some(Range {
                least: whole.least * factor,
                most: whole.most * factor,
            });
        }
        Self(offer)
    }

    /// The same, with no layer dearer than `most`: those that would look like nothing for that are left out, but for the
    /// smallest.
    pub fn at_most(self, most: Bitrate) -> Self {
        let capped = |layer: Layer| {
            let range = self.range(layer)?;
            let kept = layer == Layer::Low || range.least <= most;
            kept.then(|| Range {
                least: range.least,
                most: range.most.min(most).max(range.least),
            })
        };
        Self(Layer::ALL.map(capped))
    }

    /// The range of a layer, if it can be made.
    pub fn range(&self, layer: Layer) -> Option<Range> {
        self.0[layer.index()]
    }

    /// The layers, from the smallest up.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + '_ {
        Layer::ALL
            .into_iter()
            .filter(|layer| self.range(*layer).is_some())
    }

    /// The smallest layer at least as tall as `rows`; where none is, the largest.
    pub fn for_rows(&self, rows: u32) -> Option<Layer> {
        self.layers()
            .find(|layer| layer.size().1 >= rows)
            .or_else(|| self.layers().next_back())
    }
}

fn pixels((width, height): (u32, u32)) -> f64 {
    f64::from(width) * f64::from(height)
}

/// `size` shrunk, never enlarged, into `frame`, its proportions kept.
fn fitted((width, height): (u32, u32), (most_width, most_height): (u32, u32)) -> (u32, u32) {
    let across = f64::from(most_width) / f64::from(width.max(1));
    let down = f64::from(most_height) / f64::from(height.max(1));
    let factor = across.min(down).min(1.0);
    let side = |length: u32| ((f64::from(length) * factor) as u32).max(1);
    (side(width), side(height))
}

/// What each packet carries beside its payload, bytes: RTP with the extensions in use (20), the tag of SRTP (16), UDP over IPv4 (28).
pub const HEADER_BYTES: u64 = 64;

/// Payload of a full packet, bytes (RFC 6184 fragments as `video::packetizer` makes them).
const FULL_PACKET_BYTES: f64 = 1188.0;

/// Frames a second that are counted with; each ends in a packet that is not full.
const FRAMES: u64 = 30;

/// The bits of picture that fit into `rate` when it is cut into packets: of every frame, or of every second one.
pub fn payload(rate: Bitrate, every_frame: bool) -> Bitrate {
    let frames = if every_frame { FRAMES } else { FRAMES / 2 };
    // On average the last packet of a frame is half full.
    let begun = Bitrate::from_bps(frames * HEADER_BYTES * 8 / 2);
    rate.saturating_sub(begun) * (FULL_PACKET_BYTES / (FULL_PACKET_BYTES + HEADER_BYTES as f64))
}

/// What goes over the line when every frame of so many bits of picture is cut into packets.
pub fn on_the_line(payload: Bitrate) -> Bitrate {
    let begun = Bitrate::from_bps(FRAMES * HEADER_BYTES * 8 / 2);
    payload * ((FULL_PACKET_BYTES + HEADER_BYTES as f64) / FULL_PACKET_BYTES) + begun
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers(source: (u32, u32)) -> Vec<Layer> {
        Offer::of(Some(source), Layer::Full).layers().collect()
    }

    #[test]
    fn a_camera_gives_the_layers_up_to_its_own_size() {
        use Layer::{Full, High, Low, Middle};
        assert_eq!(layers((320, 180)), [Low]);
        assert_eq!(layers((640, 360)), [Low, Middle]);
        assert_eq!(layers((640, 480)), [Low, Middle, High]);
        assert_eq!(layers((1280, 720)), [Low, Middle, High]);
        assert_eq!(layers((1920, 1080)), [Low, Middle, High, Full]);
        assert_eq!(layers((1280, 738)), [Low, Middle, High]);
        assert_eq!(layers((0, 0)), [Low]);
    }

    #[test]
    fn a_picture_of_fewer_pixels_than_its_layer_needs_fewer_bits() {
        let upright = Offer::of(Some((720, 1280)), Layer::Full);
        let range = upright.range(Layer::High).unwrap();
        assert!(range.most < Range::of(Layer::High).most);
        assert!(range.least > Bitrate::from_kbps(250), "{range:?}");
    }

    #[test]
    fn the_smallest_layer_that_fills_a_tile_is_chosen() {
        let offer = Offer::of(Some((1920, 1080)), Layer::Full);
        for (rows, layer) in [
            (1, Layer::Low),
            (180, Layer::Low),
            (181, Layer::Middle),
            (720, Layer::High),
            (721, Layer::Full),
            (4320, Layer::Full),
        ] {
            assert_eq!(offer.for_rows(rows), Some(layer), "{rows}");
        }
        let slow = Offer::of(Some((1920, 1080)), Layer::Middle);
        assert_eq!(slow.for_rows(4320), Some(Layer::Middle));
    }

    #[test]
    fn what_may_be_spent_bounds_every_layer_and_leaves_out_those_that_it_does_not_carry() {
        let offer = Offer::of(Some((1920, 1080)), Layer::Full);
        let most = |kbps| {
            let offer = offer.at_most(Bitrate::from_kbps(kbps));
            let most = |layer| Some(offer.range(layer)?.most.bps() / 1000);
            Layer::ALL.map(most)
        };
        assert_eq!(most(1_500), [Some(250), Some(800), Some(1_500), None]);
        assert_eq!(most(300), [Some(250), Some(300), None, None]);
        assert_eq!(most(1), [Some(40), None, None, None]);
        assert_eq!(offer.at_most(Bitrate::from_kbps(9_000)), offer);
    }

    #[test]
    fn without_a_picture_yet_the_usual_camera_is_expected() {
        assert_eq!(
            Offer::of(None, Layer::Full),
            Offer::of(Some(USUAL_SOURCE), Layer::Full)
        );
    }

    #[test]
    fn what_goes_over_the_line_is_the_picture_and_its_headers() {
        let picture = Bitrate::from_kbps(1_800);
        let line = on_the_line(picture);
        assert!(line > Bitrate::from_kbps(1_890));
        assert!(payload(line, true).bps().abs_diff(picture.bps()) < 10);
    }

    #[test]
    fn headers_weigh_more_on_small_pictures() {
        let share = |kbps| {
            let rate = Bitrate::from_kbps(kbps);
            payload(rate, true).bps() as f64 / rate.bps() as f64
        };
        assert!(share(100) < 0.9 && share(2_000) > 0.93);
        let slow = Bitrate::from_kbps(100);
        assert!(payload(slow, false) > payload(slow, true));
        assert_eq!(payload(Bitrate::from_kbps(5), true), Bitrate::ZERO);
    }
}
