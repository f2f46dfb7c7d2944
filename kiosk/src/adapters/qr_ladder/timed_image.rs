//! A picture that stops whoever works on it when the time is up.
//!
//! rqrr cannot be told to stop, and on some noise its search for an alignment pattern never ends. It can only be
//! stopped where it touches the picture: by unwinding out of it.

use std::cell::Cell;

use image::{GenericImage, GenericImageView, GrayImage, Luma};

use super::budget::Budget;
use super::picture::Picture;

/// Touches between two looks at the clock: well under a millisecond of work.
const TOUCHES_PER_LOOK: u32 = 1 << 14;

/// A grey image that unwinds when it is touched after the budget is spent.
#[derive(Clone)]
pub struct TimedImage<'a> {
    pixels: GrayImage,
    budget: &'a Budget<'a>,
    touches_left: Cell<u32>,
}

impl<'a> TimedImage<'a> {
    /// A copy of `picture`; none when it is too large to be an image.
    pub fn of(picture: &Picture<'_>, budget: &'a Budget<'a>) -> Option<Self> {
        let (width, height) = (u32::try_from(picture.width).ok()?, u32::try_from(picture.height).ok()?);
        let pixels = GrayImage::from_raw(width, height, picture.luma.to_vec())?;
        Some(Self { pixels, budget, touches_left: Cell::new(TOUCHES_PER_LOOK) })
    }

    fn touch(&self) {
        let left = self.touches_left.get();
        if left > 0 {
            self.touches_left.set(left - 1);
            return;
        }
        self.touches_left.set(TOUCHES_PER_LOOK);
        if self.budget.is_spent() {
            // No panic: nothing is wrong, and nothing is to be reported.
            std::panic::resume_unwind(Box::new("time is up"));
        }
    }
}

impl GenericImageView for TimedImage<'_> {
    type Pixel = Luma<u8>;

    fn dimensions(&self) -> (u32, u32) {
        self.touch();
        self.pixels.dimensions()
    }

    fn get_pixel(&self, x: u32, y: u32) -> Luma<u8> {
        self.touch();
        *self.pixels.get_pixel(x, y)
    }
}

impl GenericImage for TimedImage<'_> {
    fn get_pixel_mut(&mut self, x: u32, y: u32) -> &mut Luma<u8> {
        self.touch();
        self.pixels.get_pixel_mut(x, y)
    }

    fn put_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.touch();
        self.pixels.put_pixel(x, y, pixel);
    }

    fn blend_pixel(&mut self, x: u32, y: u32, pixel: Luma<u8>) {
        self.put_pixel(x, y, pixel);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::ports::Monotonic;

    struct Switch(AtomicBool);

    impl Monotonic for Switch {
        fn monotonic(&self) -> Duration {
            if self.0.load(Ordering::Relaxed) { Duration::from_secs(9) } else { Duration::ZERO }
        }
    }

    #[test]
    fn a_picture_lets_go_of_its_reader_only_after_the_time_is_up() {
        let clock = Switch(AtomicBool::new(false));
        let budget = Budget::starting_now(&clock, Duration::from_secs(1));
        let picture = Picture::borrowed(&[5; 4], 2, 2).expect("sizes fit");
        let image = TimedImage::of(&picture, &budget).expect("small enough");
        let touch_often =
            || (0..=2 * TOUCHES_PER_LOOK).for_each(|_| assert_eq!(image.get_pixel(1, 1).0, [5]));
        assert!(catch_unwind(AssertUnwindSafe(touch_often)).is_ok());
        clock.0.store(true, Ordering::Relaxed);
        assert!(catch_unwind(AssertUnwindSafe(touch_often)).is_err());
    }
}
