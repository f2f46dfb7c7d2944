//! The live scanner with cameras and decoders that fail in every way: nothing here waits for time to pass, only for
//! the thing itself, with a limit that is reached only when it never comes.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kiosk::adapters::system_clock::SystemClock;
use kiosk::ports::{CameraError, Decoder, Frame, FrameSource, OpenCamera, Payload};
use kiosk::scanner::{MakeDecoder, Part, Scanner, ScannerLimits, ScannerParts, Sighting, Watching};

const NEVER: Duration = Duration::from_secs(20);

fn frame(mark: u8) -> Frame {
    let taken_at = Duration::from_secs(u64::from(mark));
    Frame { luma: vec![mark, 0, 0, 9], width: 2, height: 2, taken_at }
}

/// A camera of frames sent by the test; it blocks while there are none, like a driver.
struct Sent(Arc<Mutex<Receiver<Result<Frame, CameraError>>>>);

impl FrameSource for Sent {
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        let received = self.0.lock().unwrap().recv();
        received.unwrap_or(Err(CameraError::Ended)).map(Some)
    }
}

/// Reads the first pixel as the payload.
struct FirstPixel;

impl Decoder for FirstPixel {
    fn decode(&mut self, luma: &[u8], _: u32, _: u32) -> Vec<Payload> {
        vec![Payload { bytes: vec![luma[0]], text: luma[0].to_string(), pass: "first-pixel" }]
    }
}

fn first_pixel() -> MakeDecoder {
    Arc::new(|| Box::new(FirstPixel))
}

struct Stand {
    scanner: Scanner,
    sightings: Receiver<Sighting>,
}

impl Stand {
    /// A camera may be silent for as long as the test likes.
    fn new(camera: impl OpenCamera + 'static, decoder: MakeDecoder) -> Self {
        Self::with_camera_stall(NEVER, camera, decoder)
    }

    fn with_camera_stall(
        camera_stall_max: Duration,
        camera: impl OpenCamera + 'static,
        decoder: MakeDecoder,
    ) -> Self {
        let (tell, sightings) = channel();
        let limits = ScannerLimits {
            frame_interval_min: Duration::ZERO,
            camera_stall_max,
            decoder_stall_max: Duration::from_millis(200),
            reopen_wait_min: Duration::from_millis(1),
            reopen_wait_max: Duration::from_millis(4),
            replacements_max: 2,
        };
        let parts = ScannerParts {
            camera: Arc::new(camera),
            decoder,
            clock: Arc::new(SystemClock::new()),
            // A sighting after the test has ended has nobody to hear it.
            listener: Arc::new(move |sighting| drop(tell.send(sighting))),
        };
        let scanner = Scanner::start(parts, limits).unwrap();
        scanner.watch(Watching::Codes);
        Self { scanner, sightings }
    }

    fn next(&self) -> Sighting {
        self.sightings.recv_timeout(NEVER).expect("the scanner tells something")
    }

    /// The next sighting that `picks` makes something of.
    fn wait_for<T>(&self, picks: impl Fn(Sighting) -> Option<T>) -> T {
        loop {
            if let Some(picked) = picks(self.next()) {
                return picked;
            }
        }
    }

    fn next_code(&self) -> (u8, Duration) {
        self.wait_for(|sighting| match sighting {
            Sighting::Code { payload, taken_at } => Some((payload.bytes[0], taken_at)),
            Sighting::CameraReady | Sighting::CameraLost(_) | Sighting::Replaced(_) | Sighting::GaveUp(_) => {
                None
            }
        })
    }
}

type FrameSender = Sender<Result<Frame, CameraError>>;

fn sent_camera() -> (FrameSender, impl OpenCamera) {
    let (send, receive) = channel();
    let receive = Arc::new(Mutex::new(receive));
    let open =
        move || -> Result<Box<dyn FrameSource>, CameraError> { Ok(Box::new(Sent(Arc::clone(&receive)))) };
    (send, open)
}

#[test]
fn a_code_is_told_with_the_time_its_frame_was_taken() {
    let (send, camera) = sent_camera();
    let stand = Stand::new(camera, first_pixel());
    send.send(Ok(frame(42))).unwrap();
    assert!(matches!(stand.next(), Sighting::CameraReady));
    assert_eq!(stand.next_code(), (42, Duration::from_secs(42)));
}

#[test]
fn a_slow_decoder_sees_the_newest_frame_and_never_a_queue() {
    let (send, camera) = sent_camera();
    let (started, has_started) = channel();
    let (release, released) = channel();
    let gates = Arc::new(Mutex::new(Some((started, released))));
    let stand = Stand::new(camera, Arc::new(move || Box::new(Gated(gates.lock().unwrap().take()))));
    stand.scanner.watch(Watching::CodesAndPreview);
    send.send(Ok(frame(1))).unwrap();
    has_started.recv_timeout(NEVER).unwrap();
    // The preview is taken on the way into the slot: once frame 4 is seen there, 2 and 3 have been overwritten.
    for mark in [2, 3, 4] {
        drop(stand.scanner.take_preview());
        send.send(Ok(frame(mark))).unwrap();
        while stand.scanner.take_preview().is_none_or(|preview| !preview.luma.contains(&mark)) {
            std::thread::yield_now();
        }
    }
    release.send(()).unwrap();
    assert_eq!(stand.next_code().0, 1);
    assert_eq!(stand.next_code().0, 4);
}

/// Waits at a gate in its first decode.
struct Gated(Option<(Sender<()>, Receiver<()>)>);

impl Decoder for Gated {
    fn decode(&mut self, luma: &[u8], width: u32, height: u32) -> Vec<Payload> {
        if let Some((started, released)) = self.0.take() {
            started.send(()).unwrap();
            released.recv().unwrap();
        }
        FirstPixel.decode(luma, width, height)
    }
}

#[test]
fn a_camera_that_does_not_open_is_told_once_and_tried_until_it_does() {
    let (send, camera) = sent_camera();
    send.send(Ok(frame(7))).unwrap();
    let tries = AtomicU32::new(0);
    let open = move || match tries.fetch_add(1, Ordering::Relaxed) {
        0..3 => Err(CameraError::Absent("unplugged".into())),
        _ => camera.open(),
    };
    let stand = Stand::new(open, first_pixel());
    assert!(matches!(stand.next(), Sighting::CameraLost(CameraError::Absent(_))));
    assert!(matches!(stand.next(), Sighting::CameraReady), "the failures between are not told");
    assert_eq!(stand.next_code().0, 7);
}

#[test]
fn a_camera_that_fails_is_opened_again() {
    let (send, camera) = sent_camera();
    let stand = Stand::new(camera, first_pixel());
    send.send(Ok(frame(1))).unwrap();
    assert_eq!(stand.next_code().0, 1);
    send.send(Err(CameraError::Failed("cable".into()))).unwrap();
    assert!(matches!(stand.next(), Sighting::CameraLost(CameraError::Failed(_))));
    send.send(Ok(frame(2))).unwrap();
    assert!(matches!(stand.next(), Sighting::CameraReady));
    assert_eq!(stand.next_code().0, 2);
}

#[test]
fn a_camera_that_never_returns_is_replaced_and_given_up_after_too_many() {
    let open = || -> Result<Box<dyn FrameSource>, CameraError> { Ok(Box::new(Stuck)) };
    let stand = Stand::with_camera_stall(Duration::from_millis(50), open, first_pixel());
    assert!(matches!(stand.next(), Sighting::Replaced(Part::Camera)));
    assert!(matches!(stand.next(), Sighting::Replaced(Part::Camera)));
    assert!(matches!(stand.next(), Sighting::GaveUp(Part::Camera)));
}

struct Stuck;

impl FrameSource for Stuck {
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        loop {
            std::thread::park();
        }
    }
}

#[test]
fn a_decoder_that_never_returns_or_panics_is_replaced_and_the_next_frame_is_read() {
    for broken in [Broken::NeverReturns, Broken::Panics] {
        let (send, camera) = sent_camera();
        let made = AtomicU32::new(0);
        let stand = Stand::new(
            camera,
            Arc::new(move || match made.fetch_add(1, Ordering::Relaxed) {
                0 => Box::new(broken),
                _ => Box::new(FirstPixel),
            }),
        );
        send.send(Ok(frame(1))).unwrap();
        let replaced = |sighting| matches!(sighting, Sighting::Replaced(Part::Decoder)).then_some(());
        stand.wait_for(replaced);
        send.send(Ok(frame(2))).unwrap();
        assert_eq!(stand.next_code().0, 2);
    }
}

#[derive(Clone, Copy)]
enum Broken {
    NeverReturns,
    Panics,
}

impl Decoder for Broken {
    fn decode(&mut self, _: &[u8], _: u32, _: u32) -> Vec<Payload> {
        match self {
            Broken::NeverReturns => loop {
                std::thread::park();
            },
            Broken::Panics => panic!("a decoder that panics, as this test wants"),
        }
    }
}

#[test]
fn dropping_the_scanner_does_not_wait_for_a_stuck_camera() {
    let (opened, was_opened) = channel();
    let open = move || -> Result<Box<dyn FrameSource>, CameraError> {
        let _ = opened.send(());
        Ok(Box::new(Stuck))
    };
    let stand = Stand::new(open, first_pixel());
    was_opened.recv_timeout(NEVER).unwrap();
    let (done, is_done) = channel();
    let scanner = stand.scanner;
    std::thread::spawn(move || {
        drop(scanner);
        done.send(()).unwrap();
    });
    is_done.recv_timeout(Duration::from_secs(5)).expect("dropping ends soon");
}

#[test]
fn the_camera_is_closed_while_nothing_is_watched_and_nothing_is_told() {
    let (closed, was_closed) = channel();
    let open = move || -> Result<Box<dyn FrameSource>, CameraError> { Ok(Box::new(Endless(closed.clone()))) };
    let stand = Stand::new(open, first_pixel());
    assert_eq!(stand.next_code().0, 5);
    stand.scanner.watch(Watching::Nothing);
    was_closed.recv_timeout(NEVER).expect("the source is dropped");
    stand.scanner.watch(Watching::Codes);
    assert_eq!(stand.next_code().0, 5);
}

struct Endless(Sender<()>);

impl FrameSource for Endless {
    fn next_frame(&mut self) -> Result<Option<Frame>, CameraError> {
        Ok(Some(frame(5)))
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        // The last camera is closed when the test is over and nobody listens.
        let _ = self.0.send(());
    }
}

#[test]
fn a_preview_is_mirrored_and_offered_only_while_asked_for() {
    let (send, camera) = sent_camera();
    let stand = Stand::new(camera, first_pixel());
    send.send(Ok(frame(1))).unwrap();
    assert_eq!(stand.next_code().0, 1);
    assert!(stand.scanner.take_preview().is_none(), "nobody asked");
    stand.scanner.watch(Watching::CodesAndPreview);
    send.send(Ok(frame(2))).unwrap();
    assert_eq!(stand.next_code().0, 2);
    let preview = stand.scanner.take_preview().expect("asked for");
    assert_eq!(preview.luma, [0, 2, 9, 0]);
    assert!(stand.scanner.take_preview().is_none(), "each is given once");
}
