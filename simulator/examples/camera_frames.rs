//! Writes frames of the rendered camera as PNG files, to be judged by eye: `camera_frames FOLDER [PICTURE]`.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use kiosk::adapters::{picture_file, system_clock::SystemClock};
use kiosk::ports::{FrameSource, Monotonic};
use simulator::devices::camera::{RenderedCamera, Stage};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("usage: camera_frames FOLDER [PICTURE]")?;
    let clock: Arc<dyn Monotonic> = Arc::new(SystemClock::new());
    let stage = Stage::default();
    let mut camera = RenderedCamera::new(1, stage.clone(), Arc::clone(&clock));
    let save = |name: &str, camera: &mut RenderedCamera| -> Result<(), Box<dyn Error>> {
        let began_at = clock.monotonic();
        let frame = camera.next_frame()?.ok_or("no frame")?;
        println!("{name}: {:?}", clock.monotonic().saturating_sub(began_at));
        let file = folder.join(format!("{name}.png"));
        Ok(image::save_buffer(file, &frame.luma, frame.width, frame.height, image::ColorType::L8)?)
    };
    save("idle", &mut camera)?;
    for (name, length) in [("code-60", 60), ("code-240", 240), ("code-4096", 4096)] {
        let code: Vec<u8> = b"CC1:0123456789ABCDEF%*+".iter().copied().cycle().take(length).collect();
        stage.show_code(&code)?;
        save(name, &mut camera)?;
        save(&format!("{name}-next"), &mut camera)?;
    }
    if let Some(picture) = arguments.next() {
        stage.show_picture(&picture_file::load(&picture)?)?;
        save("picture", &mut camera)?;
    }
    Ok(())
}
