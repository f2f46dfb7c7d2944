//! Compiles the markup of the panel, for builds that can open a window.

use std::error::Error;

#[cfg(feature = "desktop")]
fn main() -> Result<(), Box<dyn Error>> {
    let config = slint_build::CompilerConfiguration::new()
        .with_style("fluent-light".into())
        .with_default_translation_context(slint_build::DefaultTranslationContext::None);
    Ok(slint_build::compile_with_config("ui/panel.slint", config)?)
}

#[cfg(not(feature = "desktop"))]
fn main() -> Result<(), Box<dyn Error>> {
    Ok(())
}
